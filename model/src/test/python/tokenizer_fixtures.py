"""Writes small tokenizers in the two spellings that a random model does not have: ../resources/tokenizers/pieces.json
(SentencePiece BPE with byte fallback, as Llama 2) and metaspace.json (a decoder that only the library knows).

Run: pip install tokenizers==0.23.3 && python tokenizer_fixtures.py
"""

import json
import pathlib

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

OUT = pathlib.Path(__file__).parent.parent / "resources" / "tokenizers"
WORDS = "the quick brown fox jumps over a lazy dog and then it sleeps in sun light \u00e9t\u00e9".split()


def vocabulary(first):
    """Tokens and merges that build every prefix of every word, letter by letter."""
    tokens, merges = list(first), []
    for letter in sorted(set("".join(WORDS)) | set("\u2581.,!?")):
        tokens.append(letter)
    for word in WORDS:
        piece = "\u2581"
        for letter in word:
            if piece + letter not in tokens:
                tokens.append(piece + letter)
                merges.append((piece, letter))
            piece += letter
    return {token: i for i, token in enumerate(tokens)}, merges


special = ["<unk>", "<s>", "</s>"]
vocab, merges = vocabulary(special + [f"<0x{i:02X}>" for i in range(256)])
pieces = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
pieces.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
pieces.decoder = decoders.Sequence(
    [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
)
pieces.post_processor = processors.TemplateProcessing(
    single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", vocab["<s>"])]
)
pieces.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
pieces.add_tokens([AddedToken("<tool call>", special=False, normalized=False)])
pieces.save(str(OUT / "pieces.json"), pretty=False)

vocab, merges = vocabulary(special)
metaspace = Tokenizer(models.Unigram([(t, -float(i)) for i, t in enumerate(vocab)], 0, False))
metaspace.pre_tokenizer = pre_tokenizers.Metaspace()
metaspace.decoder = decoders.Metaspace()
metaspace.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
metaspace.save(str(OUT / "metaspace.json"), pretty=False)

for tokenizer in (pieces, metaspace):
    text = "the quick brown dog, \u00e9t\u00e9!"
    ids = tokenizer.encode(text).ids
    print(tokenizer.get_vocab_size(), ids, repr(tokenizer.decode(ids)))
print(json.dumps(pieces.encode("\u4f60 fox").tokens, ensure_ascii=False))
