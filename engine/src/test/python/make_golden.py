"""Makes the golden models and logits that CpuEngineGoldenTest compares with.

Every model is a tiny seeded Llama. Its directory (config.json, model.safetensors) is written by this
script with Hugging Face's own code, and its logits are computed by Hugging Face transformers in
float32 with eager attention; bf16 and f16 weights are rounded first and computed with in float32.

    python3 -m venv venv && venv/bin/pip install torch transformers safetensors numpy
    venv/bin/python engine/src/test/python/make_golden.py engine/src/test/resources/golden

golden/<name>/logits.json holds the prompt, the logits of some positions, and the versions used.
"""

import json
import pathlib
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}

# name: configuration, dtype of the stored weights, prompt length
MODELS = {
    "f32-gqa-untied": (
        dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=6,
             num_key_value_heads=2, head_dim=8, vocab_size=61, tie_word_embeddings=False,
             rope_theta=10000.0),
        torch.float32, 53),
    # with this base some wavelengths are kept, some blended, some divided
    "f32-llama3-tied": (
        dict(hidden_size=20, intermediate_size=36, num_hidden_layers=2, num_attention_heads=2,
             num_key_value_heads=2, vocab_size=64, tie_word_embeddings=True, rope_theta=200.0,
             rope_scaling=LLAMA3),
        torch.float32, 90),
    # deeper than one k block of 512
    "bf16-linear-untied": (
        dict(hidden_size=8, intermediate_size=520, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=1, head_dim=12, vocab_size=70, tie_word_embeddings=False,
             rope_theta=10000.0, rope_scaling={"rope_type": "linear", "factor": 4.0}),
        torch.bfloat16, 40),
    "f16-gqa-tied": (
        dict(hidden_size=16, intermediate_size=40, num_hidden_layers=1, num_attention_heads=4,
             num_key_value_heads=2, vocab_size=70, tie_word_embeddings=True, rope_theta=10000.0),
        torch.float16, 24),
}


def make(target, name, seed):
    numbers, dtype, length = MODELS[name]
    config = LlamaConfig(max_position_embeddings=256, rms_norm_eps=1e-5, attention_bias=False,
                         bos_token_id=1, eos_token_id=2, **numbers)
    config.architectures = ["LlamaForCausalLM"]
    config._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config).eval().to(torch.float32)
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            if "norm" in parameter_name:
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            else:  # large enough that attention is far from uniform
                parameter.copy_(torch.randn_like(parameter) * 1.5 / parameter.shape[-1] ** 0.5)
            parameter.copy_(parameter.to(dtype).to(torch.float32))
        prompt = torch.randint(0, config.vocab_size, (1, length))
        logits = model(prompt).logits[0]
    directory = target / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    config.save_pretrained(directory)
    tensors = {key: value.to(dtype).contiguous() for key, value in model.state_dict().items()
               if not (config.tie_word_embeddings and key == "lm_head.weight")}
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    positions = sorted({0, 1, length // 2, length - 2, length - 1})
    (directory / "logits.json").write_text(json.dumps({
        "made_with": f"transformers {transformers.__version__}, torch {torch.__version__}",
        "seed": seed,
        "prompt": prompt[0].tolist(),
        "positions": positions,
        "logits": [[float(f"{value:.9g}") for value in logits[p].tolist()] for p in positions],
    }) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    root = pathlib.Path(sys.argv[1])
    for index, each in enumerate(MODELS):
        make(root, each, 20261 + index)
