"""Converts a Hugging Face directory into GGUF with the very weights that Baton's engine runs.

    python to_gguf.py MODEL_DIR OUT_DIR [TYPE...]      TYPE: F32 F16 BF16 Q8_0; writes OUT_DIR/TYPE.gguf

llama.cpp's own converter needs PyTorch, transformers and a tokenizer that it knows. A comparison of engines needs token ids
only: these files have no vocabulary. Matrices get the type; norms and biases stay floats, as llama.cpp wants them. Files that
are there and newer than the weights stay as they are.
"""

import json
import pathlib
import sys

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, get_tensor_name_map, MODEL_ARCH
from gguf.quants import quantize

ARCHITECTURES = {
    "LlamaForCausalLM": ("llama", MODEL_ARCH.LLAMA),
    "Qwen2ForCausalLM": ("qwen2", MODEL_ARCH.QWEN2),
    "Qwen3ForCausalLM": ("qwen3", MODEL_ARCH.QWEN3),
}


def tensors(directory):
    """Names and shapes of all tensors, with a function that reads one as floats."""
    for file in sorted(directory.glob("*.safetensors")):
        with open(file, "rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            header = json.loads(opened.read(length))
        data = np.memmap(file, np.uint8, "r", 8 + length)
        for name, entry in header.items():
            if name != "__metadata__":
                start, end = entry["data_offsets"]
                yield name, entry["shape"], lambda raw=data[start:end], entry=entry: floats(raw, entry)


def floats(raw, entry):
    if entry["dtype"] == "BF16":
        values = (raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    else:
        values = raw.view({"F16": np.float16, "F32": np.float32}[entry["dtype"]]).astype(np.float32)
    return values.reshape(entry["shape"])


def interleaved(matrix, heads):
    """Llama's RoPE in llama.cpp turns neighbours, Hugging Face's turns the halves of a head: rows of q and k change places."""
    return matrix.reshape(heads, 2, matrix.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(matrix.shape)


def refuse_what_is_not_converted(config):
    name = config["architectures"][0]
    if name not in ARCHITECTURES:
        sys.exit(f"config.json: architectures {name}, expected one of {', '.join(ARCHITECTURES)}")
    scaling = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if scaling.get("rope_type", scaling.get("type", "default")) != "default":
        sys.exit(f"config.json: a RoPE scaling, {scaling}, expected none: this converter has no words for it")
    if config.get("use_sliding_window") or "sliding_attention" in config.get("layer_types", []):
        sys.exit("config.json: a sliding window, expected none: this converter has no words for it")


def describe(writer, config):
    heads = config["num_attention_heads"]
    head = config.get("head_dim") or config["hidden_size"] // heads
    writer.add_name("model")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(config.get("rope_theta") or config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("none")


def convert(directory, config, kind, out):
    architecture, known = ARCHITECTURES[config["architectures"][0]]
    names = get_tensor_name_map(known, config["num_hidden_layers"])
    writer = GGUFWriter(out, architecture)
    describe(writer, config)
    for name, shape, read in tensors(directory):
        if name == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        values = read()
        if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
            values = interleaved(values, config["num_attention_heads" if "q_proj" in name else "num_key_value_heads"])
        as_kind = kind if len(shape) > 1 else GGMLQuantizationType.F32
        writer.add_tensor(names.get_name(name, (".weight", ".bias")), quantize(values, as_kind), raw_dtype=as_kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    if len(sys.argv) < 3 or "--help" in sys.argv:
        sys.exit(__doc__)
    directory, out = map(pathlib.Path, sys.argv[1:3])
    config = json.loads((directory / "config.json").read_text())
    refuse_what_is_not_converted(config)
    out.mkdir(parents=True, exist_ok=True)
    newest = max(file.stat().st_mtime for file in directory.glob("*.safetensors"))
    for kind in sys.argv[3:] or ["F16", "BF16", "Q8_0"]:
        file = out / f"{kind}.gguf"
        if not file.exists() or file.stat().st_mtime < newest:
            started = out / f".{kind}.gguf"
            convert(directory, config, GGMLQuantizationType[kind], started)
            started.rename(file)
        print(file)


if __name__ == "__main__":
    main()
