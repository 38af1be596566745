// What `baton bench engine` asks of Baton's engine, asked of llama.cpp; and its logits, for a check.
//
//   llama-rounds bench MODEL.gguf THREADS PROMPT,... BATCH,... CONTEXT ROUNDS
//     One JSON object on stdout, with the names of `baton bench engine --json`. A prompt is read in one batch (micro-batches
//     of 512), logits of its last token; a step computes the token at position CONTEXT - 1 of each sequence and its logits,
//     again and again. Each sequence has KV of its own. A round is as many passes as fill half a second, at least one, and
//     counts as their mean; a first one of a second does not count; the median is reported.
//   llama-rounds logits MODEL.gguf THREADS COUNT OUT < ids
//     Reads the token ids as a prompt and continues it greedily by COUNT tokens, which stdout lists. OUT gets the logits that
//     each was taken from, as floats. KV is kept in floats, without flash attention, which rounds to halves inside.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "llama.h"

namespace {

[[noreturn]] void fail(const std::string & why) {
    std::cerr << "llama-rounds: " << why << "\n";
    std::exit(1);
}

std::vector<int> numbers(const std::string & text) {
    std::vector<int> all;
    std::stringstream in(text);
    for (std::string each; std::getline(in, each, ',');) {
        all.push_back(std::stoi(each));
    }
    return all;
}

// Tokens of several sequences that are computed together.
struct Batch {
    llama_batch batch;

    explicit Batch(int most) : batch(llama_batch_init(most, 0, 1)) {}
    ~Batch() { llama_batch_free(batch); }

    void add(llama_token token, int position, int sequence, bool logits) {
        const int i = batch.n_tokens++;
        batch.token[i] = token;
        batch.pos[i] = position;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = sequence;
        batch.logits[i] = logits;
    }

    void run(llama_context * context) {
        if (const int code = llama_decode(context, batch)) {
            fail("llama_decode answered " + std::to_string(code));
        }
        llama_synchronize(context);
    }
};

struct Engine {
    llama_model * model;
    int threads;
    int vocabulary;

    Engine(const char * file, int threads) : threads(threads) {
        llama_model_params params = llama_model_default_params();
        params.n_gpu_layers = 0;
        model = llama_model_load_from_file(file, params);
        if (!model) {
            fail(std::string("cannot load ") + file);
        }
        vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    }
    ~Engine() { llama_model_free(model); }

    llama_context * context(int tokens, int sequences, bool exact) const {
        llama_context_params params = llama_context_default_params();
        params.n_ctx = tokens * sequences;
        params.n_batch = std::max(tokens, sequences);
        params.n_ubatch = 512;
        params.n_seq_max = sequences;
        params.n_threads = threads;
        params.n_threads_batch = threads;
        if (exact) {
            params.type_k = GGML_TYPE_F32;
            params.type_v = GGML_TYPE_F32;
            params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
        }
        llama_context * made = llama_init_from_model(model, params);
        if (!made) {
            fail("no context of " + std::to_string(tokens) + " tokens for " + std::to_string(sequences) + " sequences");
        }
        return made;
    }
};

class Bench {
  public:
    Bench(const Engine & engine, int rounds) : engine(engine), rounds(rounds) {}

    void prefill(int tokens) {
        llama_context * context = engine.context(tokens, 1, false);
        Batch prompt(tokens);
        fill(prompt, tokens);
        report("prefill_" + std::to_string(tokens), tokens, context, prompt, 0);
        llama_free(context);
    }

    void decode(int sequences, int length) {
        llama_context * context = engine.context(length, sequences, false);
        if (length > 1) {
            Batch before(length - 1);
            fill(before, length - 1);
            before.run(context);
            for (int i = 1; i < sequences; i++) {
                llama_memory_seq_cp(llama_get_memory(context), 0, i, -1, -1);
            }
        }
        Batch step(sequences);
        for (int i = 0; i < sequences; i++) {
            step.add(token(), length - 1, i, true);
        }
        report("decode_" + std::to_string(sequences), sequences, context, step, length - 1);
        llama_free(context);
    }

    std::string json() const { return "{" + fields + "}"; }

    void text(const std::string & name, const std::string & value) { field(name, "\"" + value + "\""); }

  private:
    llama_token token() { return (llama_token) (random() % engine.vocabulary); }

    void fill(Batch & batch, int tokens) {
        for (int i = 0; i < tokens; i++) {
            batch.add(token(), i, 0, i == tokens - 1);
        }
    }

    // Runs the batch again and again; what it adds to the KV, from position `start` on, is dropped each time.
    void report(const std::string & name, int tokens, llama_context * context, Batch & batch, int start) {
        const auto pass = [&] {
            batch.run(context);
            llama_memory_seq_rm(llama_get_memory(context), -1, start, -1);
        };
        mean(pass, 1.0);
        std::vector<double> seconds;
        for (int i = 0; i < rounds; i++) {
            seconds.push_back(mean(pass, 0.5));
        }
        std::sort(seconds.begin(), seconds.end());
        field(name + "_tokens_per_s", std::to_string(tokens / seconds[seconds.size() / 2]));
        field(name + "_tokens_per_s_range",
            "[" + std::to_string(tokens / seconds.back()) + "," + std::to_string(tokens / seconds.front()) + "]");
    }

    // Seconds a pass, of as many as fill so many seconds: what dev.baton.cli.machine.Rounds does.
    template <typename Pass>
    static double mean(const Pass & pass, double least) {
        const auto start = std::chrono::steady_clock::now();
        std::chrono::duration<double> elapsed;
        int passes = 0;
        do {
            pass();
            passes++;
            elapsed = std::chrono::steady_clock::now() - start;
        } while (elapsed.count() < least);
        return elapsed.count() / passes;
    }

    void field(const std::string & name, const std::string & value) {
        fields += (fields.empty() ? "\"" : ",\"") + name + "\":" + value;
    }

    const Engine & engine;
    const int rounds;
    std::mt19937 random{1};
    std::string fields;
};

void logits(const Engine & engine, int count, const char * file) {
    std::vector<llama_token> prompt;
    for (int id; std::cin >> id;) {
        prompt.push_back(id);
    }
    FILE * out = std::fopen(file, "wb");
    if (prompt.empty() || !out) {
        fail(prompt.empty() ? "no token ids on stdin" : std::string("cannot write ") + file);
    }
    llama_context * context = engine.context((int) prompt.size() + count, 1, true);
    int position = 0;
    for (int i = 0; i < count; i++) {
        Batch batch((int) prompt.size());
        for (size_t each = 0; each < prompt.size(); each++) {
            batch.add(prompt[each], position++, 0, each + 1 == prompt.size());
        }
        batch.run(context);
        const float * row = llama_get_logits_ith(context, -1);
        std::fwrite(row, sizeof(float), engine.vocabulary, out);
        const int best = (int) (std::max_element(row, row + engine.vocabulary) - row);
        std::cout << best << (i + 1 < count ? " " : "\n");
        prompt = {best};
    }
    std::fclose(out);
    llama_free(context);
}

}  // namespace

int main(int count, char ** given) {
    llama_log_set([](ggml_log_level level, const char * text, void *) {
        if (level == GGML_LOG_LEVEL_ERROR) {
            std::cerr << text;
        }
    }, nullptr);
    llama_backend_init();
    const std::vector<std::string> flags(given + 1, given + count);
    if (flags.size() == 7 && flags[0] == "bench") {
        const Engine engine(given[2], std::stoi(flags[2]));
        Bench bench(engine, std::stoi(flags[6]));
        bench.text("llama_cpp", llama_version());
        bench.text("system", llama_print_system_info());
        for (int tokens : numbers(flags[3])) {
            bench.prefill(tokens);
        }
        for (int sequences : numbers(flags[4])) {
            bench.decode(sequences, std::stoi(flags[5]));
        }
        std::cout << bench.json() << "\n";
    } else if (flags.size() == 5 && flags[0] == "logits") {
        logits(Engine(given[2], std::stoi(flags[2])), std::stoi(flags[3]), given[5]);
    } else {
        fail("usage: llama-rounds bench MODEL.gguf THREADS PROMPT,... BATCH,... CONTEXT ROUNDS\n"
             "       llama-rounds logits MODEL.gguf THREADS COUNT OUT < ids");
    }
    llama_backend_free();
}
