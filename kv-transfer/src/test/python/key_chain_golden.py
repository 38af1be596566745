"""Computes the keys of some prompts, independently of the Java code, from the definition in
dev.baton.kv.KeyChain. Prints the golden file that KeyChainTest compares with:

    python3 key_chain_golden.py > ../resources/dev/baton/kv/key-chain.golden

Each line: lineage, tenant salt, block tokens, token ids, keys.
"""

import hashlib
import random
import struct


def keys(lineage: bytes, salt: bytes, block_tokens: int, tokens: list[int]) -> list[bytes]:
    parent = hashlib.sha256(b"baton-kv-1" + lineage + salt + struct.pack("<I", block_tokens)).digest()
    chain = []
    for start in range(0, len(tokens), block_tokens):
        block = tokens[start : start + block_tokens]
        parent = hashlib.sha256(parent + struct.pack(f"<{len(block)}I", *block)).digest()[:16]
        chain.append(parent)
    return chain


def main() -> None:
    draw = random.Random(20260101)
    lineages = [bytes(32), bytes(range(32)), draw.randbytes(32)]
    salts = [bytes(32), draw.randbytes(32)]
    prompts = [
        [],
        [0],
        [4294967295],
        list(range(16)),
        list(range(17)),
        [draw.randrange(150_000) for _ in range(100)],
    ]
    for lineage in lineages:
        for salt in salts:
            for block_tokens in (1, 4, 16):
                for tokens in prompts:
                    print(
                        lineage.hex(),
                        salt.hex(),
                        block_tokens,
                        ",".join(map(str, tokens)) or "-",
                        ",".join(key.hex() for key in keys(lineage, salt, block_tokens, tokens)) or "-",
                    )


if __name__ == "__main__":
    main()
