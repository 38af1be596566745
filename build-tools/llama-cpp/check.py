"""Are Baton's logits those of llama.cpp on the same weights?

    target/llama-cpp/venv/bin/python build-tools/llama-cpp/check.py [MODEL_DIR [TYPE...]]

After prepare; LLAMA_CPP names its directory if it is another one. Default: the random model that compare wrote, and F32. A random prompt of 64 tokens; llama.cpp continues it greedily
by 32, Baton too, and Baton computes logits at each position of llama.cpp's continuation. Printed are the largest difference
between logits as a fraction of the largest logit, at the prompt's last position and at any of the 32, and on how many tokens both
agree. F32 computes as Baton does, in floats; BF16, F16 and Q8_0 round activations too, and show what that makes of logits.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILT = pathlib.Path(os.environ.get("LLAMA_CPP", ROOT / "target/llama-cpp"))
PROMPT, CONTINUATION, THREADS = 64, 32, 1


def run(command, prompt):
    done = subprocess.run(list(map(str, command)), input=" ".join(map(str, prompt)), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return [int(each) for each in done.stdout.split()]


def logits(file):
    return np.fromfile(file, "<f4").reshape(CONTINUATION, -1)


def baton(model, prompt, out, forced=()):
    jdk = subprocess.run([ROOT / "baton", "--find-jdk"], capture_output=True, text=True, check=True).stdout.strip()
    command = [f"{jdk}/bin/java", "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
               ROOT / "cli/target/cli-0.1.0.jar", HERE / "BatonLogits.java", model, THREADS, CONTINUATION, out, *forced]
    return run(command, prompt), logits(out)


def main():
    if "--help" in sys.argv:
        sys.exit(__doc__)
    model = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else BUILT / "qwen2.5-0.5b"
    out, converted = BUILT / "logits.f32", BUILT / "gguf" / model.name
    vocabulary = json.loads((model / "config.json").read_text())["vocab_size"]
    prompt = np.random.default_rng(1).integers(0, vocabulary, PROMPT)
    for kind in sys.argv[2:] or ["F32"]:
        subprocess.run([sys.executable, HERE / "to_gguf.py", model, converted, kind], check=True, stdout=subprocess.DEVNULL)
        theirs = run([BUILT / "build/llama-rounds", "logits", converted / f"{kind}.gguf", THREADS, CONTINUATION, out], prompt)
        expected = logits(out)
        free, _ = baton(model, prompt, out)
        forced, found = baton(model, prompt, out, theirs)
        off = np.abs(found - expected).max(axis=1) / np.abs(expected).max(axis=1)
        same = next((i for i, (a, b) in enumerate(zip(free, theirs)) if a != b), CONTINUATION)
        print(f"{kind}: logits differ by {off[0]:.1e} of the largest at the prompt's end, by at most {off.max():.1e} at {CONTINUATION} positions; "
              f"same token at {sum(a == b for a, b in zip(forced, theirs))} of them; greedy continuations are equal for {same} tokens")


if __name__ == "__main__":
    main()
