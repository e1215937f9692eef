#!/usr/bin/env python3
"""Writes a language model of random weights as a GGUF file of a few hundred kilobytes: scripts/tiny-model.py FILE

It has the layout of a llama, so llama.cpp serves it as any other, and a vocabulary with letters, some words and
some characters of several bytes, so that streams are torn where real ones are.
"""

import sys

import gguf
import numpy

WIDTH, HEADS, LAYERS, INNER, CONTEXT = 48, 4, 2, 96, 2048
WORDS = """and are at be by can do for from go has how in is it know like live log make new not of on one our out over
say see send sign signal so some stream tell that the then they this time to token track train up was way we what who
will with word you Grüße Köln naïve 日本語 時間 Привет 🎉 🚂""".split()
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def vocabulary() -> list[tuple[str, float, int]]:
    """Token, score, kind; the order is the one that a SentencePiece vocabulary has."""
    tokens = [("<unk>", -1e3, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    tokens += [(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
    # SentencePiece writes a space in front of a word as U+2581.
    pieces = dict.fromkeys(["\u2581" + word for word in WORDS] + WORDS + [chr(c) for c in range(33, 127)] + ["\u2581"])
    return tokens + [(piece, -10.0 - rank, NORMAL) for rank, piece in enumerate(pieces)]


def main(path: str) -> None:
    tokens = vocabulary()
    chance = numpy.random.default_rng(7446)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("signalbox-tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([token.encode() for token, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([kind for _, _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)

    def weights(name: str, rows: int, columns: int, spread: float = 0.3) -> None:
        writer.add_tensor(name + ".weight", chance.normal(0, spread, (rows, columns)).astype(numpy.float32))

    def ones(name: str) -> None:
        writer.add_tensor(name + ".weight", numpy.ones(WIDTH, numpy.float32))

    weights("token_embd", len(tokens), WIDTH, 1)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        ones(block + "attn_norm")
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights(block + part, WIDTH, WIDTH)
        ones(block + "ffn_norm")
        weights(block + "ffn_gate", INNER, WIDTH)
        weights(block + "ffn_up", INNER, WIDTH)
        weights(block + "ffn_down", WIDTH, INNER)
    ones("output_norm")
    output = chance.normal(0, 0.5, (len(tokens), WIDTH)).astype(numpy.float32)
    output[:259] = 0  # control tokens and single bytes are never the likeliest
    writer.add_tensor("output.weight", output)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
