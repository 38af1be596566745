"""Makes the golden models that CpuEngineGoldenTest compares with.

Every model is tiny and seeded. Its directory (config.json, model.safetensors) is written with Hugging
Face's own code, and its logits and greedy continuation are computed by Hugging Face transformers in
float32 with eager attention, without a cache; bf16 and f16 weights are rounded first and computed with
in float32. The family's model class does it, so that nothing here or in the engine says what a family is.

Models whose name begins with i8 are bf16 ones that the compressed-tensors library quantized to int8 in
groups of 32: it makes their scales, elements and quantization_config, and says which floats they stand for.

    python3 -m venv venv
    venv/bin/pip install torch transformers==5.24.0 compressed-tensors==0.20.0 safetensors numpy
    venv/bin/python engine/src/test/python/make_golden.py engine/src/test/resources/golden [NAME...]

golden/<name>/logits.json holds the prompt, the logits of some positions, the greedy continuation and the
versions used. For each model the script prints two differences, as fractions of the largest logit: from
the same model in float64, which is what float32 costs, and from the model computed in its weights' dtype
as GPUs do, which is what an engine would be off that did so.
"""

import json
import pathlib
import shutil
import sys

import compressed_tensors
import torch
import transformers
from compressed_tensors.compressors import IntQuantizationCompressor, ModelCompressor
from compressed_tensors.quantization import (QuantizationArgs, QuantizationConfig, QuantizationScheme,
                                             apply_quantization_config)
from compressed_tensors.quantization.utils import calculate_qparams
from safetensors.torch import save_file
from transformers import (LlamaConfig, LlamaForCausalLM, MinistralConfig, MinistralForCausalLM,
                          MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM,
                          Qwen3Config, Qwen3ForCausalLM)

LLAMA = (LlamaConfig, LlamaForCausalLM)
MISTRAL = (MistralConfig, MistralForCausalLM)
MINISTRAL = (MinistralConfig, MinistralForCausalLM)
QWEN2 = (Qwen2Config, Qwen2ForCausalLM)
QWEN3 = (Qwen3Config, Qwen3ForCausalLM)

CONTINUATION = 24
# A step's best logit is ahead of the second by this fraction of the largest: greedy is no toss-up.
MARGIN = 1e-3

LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


def sizes(hidden, intermediate, layers, heads, kv_heads, vocabulary, tied, **more):
    return dict(hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=layers,
                num_attention_heads=heads, num_key_value_heads=kv_heads, vocab_size=vocabulary,
                tie_word_embeddings=tied, **more)


def rope(kind, theta, **more):
    return {"rope_type": kind, "rope_theta": theta, **more}


# name: family, configuration, dtype of the stored weights, prompt length
MODELS = {
    "f32-gqa-untied": (
        LLAMA, sizes(24, 40, 2, 6, 2, 61, False, head_dim=8, rope_theta=10000.0),
        torch.float32, 53),
    # with this base some wavelengths are kept, some blended, some divided
    "f32-llama3-tied": (
        LLAMA, sizes(20, 36, 2, 2, 2, 64, True, rope_theta=200.0, rope_scaling=LLAMA3),
        torch.float32, 90),
    # deeper than one k block of 512
    "bf16-linear-untied": (
        LLAMA, sizes(8, 520, 2, 4, 1, 70, False, head_dim=12, rope_theta=10000.0,
                     rope_scaling={"rope_type": "linear", "factor": 4.0}),
        torch.bfloat16, 40),
    "f16-gqa-tied": (
        LLAMA, sizes(16, 40, 1, 4, 2, 70, True, rope_theta=10000.0),
        torch.float16, 24),
    # dynamic scaling changes nothing before max_position_embeddings
    "f32-llama-biases-dynamic": (
        LLAMA, sizes(28, 35, 2, 4, 4, 67, False, head_dim=6, attention_bias=True, mlp_bias=True,
                     rope_parameters=rope("dynamic", 10000.0, factor=4.0)),
        torch.float32, 41),
    # windows smaller than a block of 16, and larger; eight and four queries to a key
    "f32-mistral-window-7": (
        MISTRAL, sizes(23, 33, 2, 8, 1, 67, False, head_dim=16, sliding_window=7,
                       rope_parameters=rope("default", 10000.0)),
        torch.float32, 70),
    "bf16-mistral-window-21": (
        MISTRAL, sizes(24, 50, 2, 8, 2, 71, True, head_dim=24, sliding_window=21,
                       rope_parameters=rope("default", 1e6)),
        torch.bfloat16, 75),
    "f16-mistral-head-80": (
        MISTRAL, sizes(18, 31, 1, 2, 1, 53, False, head_dim=80, sliding_window=None,
                       rope_parameters=rope("default", 1e6)),
        torch.float16, 40),
    "f32-ministral-mixed": (
        MINISTRAL, sizes(19, 37, 3, 4, 2, 59, False, head_dim=14, sliding_window=10,
                         layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                         rope_parameters=rope("default", 10000.0)),
        torch.float32, 50),
    # the queries to a key of Qwen2.5-0.5B
    "bf16-qwen2-tied": (
        QWEN2, sizes(56, 45, 2, 7, 1, 73, True, rope_parameters=rope("default", 1e6)),
        torch.bfloat16, 48),
    "f32-qwen2-upper-window": (
        QWEN2, sizes(18, 41, 3, 3, 3, 63, False, use_sliding_window=True, sliding_window=5,
                     max_window_layers=1, rope_parameters=rope("default", 10000.0)),
        torch.float32, 60),
    # some pairs kept, some blended, some divided; beyond the original context
    "f16-qwen2-yarn": (
        QWEN2, sizes(32, 39, 2, 2, 1, 69, True,
                     rope_parameters=rope("yarn", 50.0, factor=4.0, beta_fast=4.0, beta_slow=1.0,
                                          original_max_position_embeddings=64)),
        torch.float16, 101),
    "bf16-qwen3-tied": (
        QWEN3, sizes(25, 43, 2, 4, 2, 71, True, head_dim=16,
                     rope_parameters=rope("default", 1e6)),
        torch.bfloat16, 45),
    "f32-qwen3-biases-window": (
        QWEN3, sizes(15, 37, 3, 4, 1, 61, False, head_dim=24, attention_bias=True,
                     use_sliding_window=True, sliding_window=18, max_window_layers=0,
                     layer_types=["full_attention", "sliding_attention", "sliding_attention"],
                     rope_parameters=rope("default", 10000.0)),
        torch.float32, 66),
    "f16-qwen3-yarn-mscale": (
        QWEN3, sizes(20, 35, 2, 2, 2, 57, False, head_dim=20,
                     rope_parameters=rope("yarn", 200.0, factor=8.0, beta_fast=6.0, beta_slow=0.5,
                                          mscale=0.8, mscale_all_dim=0.3, truncate=False,
                                          original_max_position_embeddings=32)),
        torch.float16, 90),
    "f32-llama-yarn-attention-factor": (
        LLAMA, sizes(24, 29, 2, 8, 8, 51, True, head_dim=10,
                     rope_parameters=rope("yarn", 1000.0, factor=2.0, attention_factor=1.3,
                                          original_max_position_embeddings=128)),
        torch.float32, 64),
}


# name: targets and ignored of a model whose weights are quantized afterwards
QUANTIZED = {
    # deeper than one k block of 512; every matrix
    "i8-llama-untied": (["Linear", "Embedding"], []),
    # rows of 45 elements cannot be; the output layer is the embedding
    "i8-qwen2-tied-mixed": (["Linear", "Embedding"], ["lm_head", "re:.*down_proj"]),
    # as most are published: embedding and output layer stay
    "i8-qwen3-layers": (["Linear"], ["lm_head"]),
}
MODELS |= {
    "i8-llama-untied": (
        LLAMA, sizes(64, 544, 2, 4, 2, 67, False, head_dim=16, rope_theta=10000.0),
        torch.bfloat16, 43),
    "i8-qwen2-tied-mixed": (
        QWEN2, sizes(32, 45, 2, 2, 1, 73, True, rope_parameters=rope("default", 1e6)),
        torch.bfloat16, 48),
    "i8-qwen3-layers": (
        QWEN3, sizes(32, 96, 2, 4, 2, 71, False, head_dim=16,
                     rope_parameters=rope("default", 1e6)),
        torch.bfloat16, 45),
}


def quantize(model, name):
    """Quantizes a model in place.

    Returns the tensors to store, the floats that they stand for, and the compressor, which knows the
    configuration."""
    targets, ignore = QUANTIZED[name]
    arguments = QuantizationArgs(num_bits=8, type="int", symmetric=True, strategy="group",
                                 group_size=32)
    config = QuantizationConfig(
        config_groups={"group_0": QuantizationScheme(targets=targets, weights=arguments,
                                                     format="int-quantized")},
        format="int-quantized", ignore=ignore)
    apply_quantization_config(model, config)
    modules = {key: module for key, module in model.named_modules()
               if hasattr(module, "quantization_scheme")}
    for module in modules.values():
        groups = module.weight.unflatten(1, (-1, 32))
        scale, _ = calculate_qparams(groups.amin(-1), groups.amax(-1), arguments)
        module.weight_scale.copy_(scale.to(torch.bfloat16))
        module.weight_scale.data = module.weight_scale.data.to(torch.bfloat16)
    compressor = ModelCompressor(quantization_config=config)
    compressor.compress_model(model)
    tensors = {key: value if value.dtype == torch.int8 else value.to(torch.bfloat16)
               for key, value in model.state_dict().items()}
    floats = {}
    for key, module in modules.items():
        stored = {"weight": module.weight.data, "weight_scale": module.weight_scale.data.float()}
        floats[key + ".weight"] = IntQuantizationCompressor.decompress(
            stored, module.quantization_scheme)["weight"]
    return tensors, floats, compressor


def tokens_of(row):
    return [float(f"{value:.9g}") for value in row.tolist()]


def fill(model, dtype):
    for name, parameter in model.named_parameters():
        if name.endswith("norm.weight"):
            parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
        elif name.endswith(".bias"):
            parameter.copy_(0.5 * torch.randn_like(parameter))
        else:  # large enough that attention is far from uniform
            parameter.copy_(torch.randn_like(parameter) * 1.5 / parameter.shape[-1] ** 0.5)
        parameter.copy_(parameter.to(dtype).to(torch.float32))


def greedy(model, prompt):
    """The most probable tokens one after the other, and by how much the closest choice was one."""
    tokens = prompt
    margin = 1.0
    for _ in range(CONTINUATION):
        last = model(tokens, use_cache=False).logits[0, -1]
        best = last.topk(2).values
        margin = min(margin, ((best[0] - best[1]) / last.abs().max()).item())
        tokens = torch.cat([tokens, last.argmax().reshape(1, 1)], dim=1)
    return tokens[0, prompt.shape[1]:].tolist(), margin


def make(target, name, seed):
    (config_class, model_class), numbers, dtype, length = MODELS[name]
    config = config_class(max_position_embeddings=256, rms_norm_eps=1e-5, bos_token_id=1,
                          eos_token_id=2, **numbers)
    config.architectures = [model_class.__name__]
    config._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = model_class(config).eval().to(torch.float32)
    compressor = None
    with torch.no_grad():
        fill(model, dtype)
        if name in QUANTIZED:
            quantized = model
            model = model_class(config).eval().to(torch.float32)
            model.load_state_dict(quantized.state_dict())
            tensors, floats, compressor = quantize(quantized, name)
            model.load_state_dict(floats, strict=False)
        prompt = torch.randint(0, config.vocab_size, (1, length))
        logits = model(prompt, use_cache=False).logits[0]
        continuation, margin = greedy(model, prompt)
        largest = logits.abs().max()
        if compressor is None:
            tensors = {key: value.to(dtype) for key, value in model.state_dict().items()}
        tensors = {key: value.contiguous() for key, value in tensors.items()
                   if not (config.tie_word_embeddings and key == "lm_head.weight")}
        double = model.double()(prompt, use_cache=False).logits[0]
        native = model.to(dtype)(prompt, use_cache=False).logits[0]
    if margin < MARGIN:
        raise SystemExit(f"{name}: a greedy step is decided by {margin:.1e}; choose another seed")
    print(f"{name}: float64 {(double - logits).abs().max() / largest:.1e},"
          f" {str(dtype).removeprefix('torch.')} {(native - logits).abs().max() / largest:.1e},"
          f" least margin {margin:.1e}")
    directory = target / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    config.save_pretrained(directory)
    if compressor is not None:
        compressor.update_config(directory)
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    positions = sorted({0, 1, length // 2, length - 2, length - 1})
    (directory / "logits.json").write_text(json.dumps({
        "made_with": f"transformers {transformers.__version__}, torch {torch.__version__}"
                     + (f", compressed-tensors {compressed_tensors.__version__}" if compressor else ""),
        "seed": seed,
        "prompt": prompt[0].tolist(),
        "positions": positions,
        "logits": [tokens_of(logits[p]) for p in positions],
        "continuation": continuation,
    }) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    root = pathlib.Path(sys.argv[1])
    for index, each in enumerate(MODELS):
        if not sys.argv[2:] or each in sys.argv[2:]:
            make(root, each, 20261 + index)
