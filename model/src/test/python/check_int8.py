"""Checks an int8 copy of a model against the original with the compressed-tensors library.

The library reads the copy's quantization_config, finds the quantized modules by its own rules on the model's
own classes, and dequantizes each; every weight must be the float that numpy makes of the element and its scale,
and within half a scale of the original. With --forward, transformers also load the copy, dequantizing as they
do, and its logits are compared with those of the dequantized weights (both in bfloat16).

    python3 -m venv venv
    venv/bin/pip install torch transformers==5.24.0 compressed-tensors==0.20.0 safetensors numpy
    venv/bin/python model/src/test/python/check_int8.py ORIGINAL COPY [--forward]
"""

import json
import pathlib
import sys

import numpy
import torch
from compressed_tensors.compressors import IntQuantizationCompressor
from compressed_tensors.quantization import QuantizationConfig, apply_quantization_config
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, CompressedTensorsConfig

GROUP = 32


def tensors(directory):
    return {name: tensor for file in sorted(directory.glob("*.safetensors"))
            for name, tensor in load_file(file).items()}


def by_numpy(elements, scales):
    rows, columns = elements.shape
    groups = elements.numpy().astype(numpy.float32).reshape(rows, columns // GROUP, GROUP)
    return (groups * scales.float().numpy()[:, :, None]).reshape(rows, columns)


def check(original, copy):
    """The dequantized weights of the copy, by name."""
    before, after = tensors(original), tensors(copy)
    config = json.loads((copy / "config.json").read_text())["quantization_config"]
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(original))
    apply_quantization_config(model, QuantizationConfig.model_validate(config))
    floats = {}
    worst = 0.0
    for name, module in model.named_modules():
        scheme = getattr(module, "quantization_scheme", None)
        weight = name + ".weight"
        if weight not in after:
            assert scheme is None, f"{name} is quantized by the library and not in the file"
            continue
        assert (scheme is not None) == (after[weight].dtype == torch.int8), name
        if scheme is None:
            assert torch.equal(before[weight], after[weight]), name
            floats[weight] = after[weight].float()
            continue
        scales = after[weight + "_scale"]
        assert scales.dtype == torch.bfloat16, name
        library = IntQuantizationCompressor.decompress(
            {"weight": after[weight], "weight_scale": scales.float()}, scheme)["weight"]
        floats[weight] = library
        numpys = by_numpy(after[weight], scales)
        assert numpy.array_equal(library.numpy(), numpys), name
        off = numpy.abs(before[weight].double().numpy() - numpys.astype(numpy.float64))
        halves = numpy.repeat(scales.double().numpy(), GROUP, axis=1) / 2
        assert (off <= halves).all(), name
        worst = max(worst, float((off / halves).max()))
    count = sum(tensor.dtype == torch.int8 for tensor in after.values())
    print(f"{count} int8 matrices: the library and numpy agree on every weight;"
          f" the worst is {worst / 2:.4f} scales off")
    return floats, after


def forward(copy, floats, after):
    model = AutoModelForCausalLM.from_pretrained(
        copy, dtype=torch.bfloat16, quantization_config=CompressedTensorsConfig(dequantize=True)).eval()
    config = AutoConfig.from_pretrained(copy)
    del config.quantization_config
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
    rest = {name: tensor for name, tensor in after.items()
            if tensor.dtype != torch.int8 and not name.endswith("_scale")}
    missing, unexpected = plain.load_state_dict(
        rest | {name: tensor.to(torch.bfloat16) for name, tensor in floats.items()}, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    plain.tie_weights()
    prompt = torch.arange(3, 40)[None] % config.vocab_size
    with torch.no_grad():
        loaded, expected = model(prompt).logits.float(), plain(prompt).logits.float()
    error = (loaded - expected).abs().max() / expected.abs().max()
    print(f"transformers load it: logits differ by {error:.1e} of the largest from those of the dequantized weights")


if __name__ == "__main__":
    directories = [pathlib.Path(each) for each in sys.argv[1:3]]
    made = check(*directories)
    if "--forward" in sys.argv[3:]:
        forward(directories[1], *made)
