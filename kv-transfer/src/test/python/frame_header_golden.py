"""Builds frames, independently of the Java code, from the byte table in docs/handoff.md. Prints the
golden file that FrameHeaderTest compares with:

    python3 frame_header_golden.py > ../resources/dev/baton/kv/handoff/frame-header.golden

Each line: kind, handoff id, generation, block, layer, key, payload, header.
"""

import random
import struct


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def header(kind: int, handoff: int, generation: int, block: int, layer: int, key: bytes, payload: bytes) -> bytes:
    fingerprint = int.from_bytes(key[:8], "big")
    checked = struct.pack(
        "<4sHBBQIIIIQ", b"BTKV", 1, kind, 0, handoff, generation, block, layer, len(payload), fingerprint
    )
    return checked + struct.pack("<I", crc32c(checked + payload))


def main() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    draw = random.Random(20260102)
    cases = [
        (1, 1, 1, 0, 0, bytes(16), b""),
        (2, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF, 0x7FFFFFFF, 31, bytes(range(16)), b"\x00"),
    ]
    cases += [
        (
            draw.choice((1, 2)),
            draw.getrandbits(64),
            draw.getrandbits(32),
            draw.getrandbits(20),
            draw.getrandbits(7),
            draw.randbytes(16),
            draw.randbytes(draw.randrange(1, 200)),
        )
        for _ in range(20)
    ]
    for kind, handoff, generation, block, layer, key, payload in cases:
        print(
            kind,
            f"{handoff:016x}",
            generation,
            block,
            layer,
            key.hex(),
            payload.hex() or "-",
            header(kind, handoff, generation, block, layer, key, payload).hex(),
        )


if __name__ == "__main__":
    main()
