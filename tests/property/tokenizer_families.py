"""Small tokenizers in the shape of those that people use, made by the `tokenizers` package.

families(folder) gives (name, Tokenizer) of each kind; random_family(chance) one put together at
random. Everything depends on the seeds alone.
"""
import json
import pathlib
import random

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

CORPUS = """In the beginning, God created the heavens and the earth. The earth was formless and empty.
Darkness was on the surface of the deep, and God\u2019s Spirit was hovering over the surface of the waters.
It's 12 o'clock; we'll go, they've gone: 3.14, 1,000,000 and 42%. def f(x): return x_y + __init__(self)\t# TODO
\u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27 \u0e01\u0e34\u0e19\u0e19\u0e49\u0e33 \u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 na\u00efve re\u0301sume\u0301 caf\u00e9 \u00c5ngstr\u00f6m STRASSE stra\u00dfe
\u4e2d\u6587\u5b57\u7b26 \u65e5\u672c\u8a9e\u3067\u3059 \ud55c\uad6d\uc5b4 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea \u0438 \u0440\u0443\u0441\u0441\u043a\u0438\u0439 \u03b5\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac
\U0001f600\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f \u00bd \u2167 \u0661\u0662 \ufb01ne \u2460  a  b   c
"""
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
          r"\s*[\r\n]+|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
         r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
         r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BLOOM = r" ?[^(\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"
            r" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CLIP = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
KIMI = (r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
        r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BLANK = "\u2581"


def corpus(repeat=3):
    return [line for line in CORPUS.splitlines() for _ in range(repeat)]


def special(content, **flags):
    return AddedToken(content, **{"special": True, "normalized": False, **flags})


def byte_bpe(pre_tokenizer, size=400, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return tokenizer


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def edited(tokenizer, change):
    """The tokenizer with its tokenizer.json changed, for what Python cannot set."""
    data = json.loads(tokenizer.to_str())
    change(data)
    return Tokenizer.from_str(json.dumps(data))


def gpt2():
    tokenizer = byte_bpe(pre_tokenizers.ByteLevel(add_prefix_space=False))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([special("<|endoftext|>")])
    return tokenizer


def roberta():
    tokenizer = byte_bpe(pre_tokenizers.ByteLevel(add_prefix_space=True))
    tokenizer.add_special_tokens([special("<s>"), special("</s>"), special("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")))
    return tokenizer


def llama3():
    tokenizer = byte_bpe(split(LLAMA3))
    tokenizer = edited(tokenizer, lambda data: data["model"].update(ignore_merges=True))
    tokenizer.add_special_tokens([special("<|begin_of_text|>"), special("<|eot_id|>")])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A $B", special_tokens=[
            ("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))])])
    return tokenizer


def qwen():
    tokenizer = byte_bpe(split(LLAMA3.replace("{1,3}", "")))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_special_tokens([special("<|im_start|>")])
    tokenizer.add_tokens([AddedToken("<think>", normalized=False), AddedToken("na\u00efve", normalized=True)])
    return tokenizer


def o200k():
    return byte_bpe(split(O200K))


def deepseek():
    steps = [pre_tokenizers.Split(Regex(r"\p{N}{1,3}"), "isolated"),
             pre_tokenizers.Split(Regex("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), "isolated"),
             pre_tokenizers.Split(Regex(DEEPSEEK), "isolated"),
             pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    return byte_bpe(pre_tokenizers.Sequence(steps))


def bloom():
    return byte_bpe(split(BLOOM))


def starcoder():
    return byte_bpe(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                             pre_tokenizers.ByteLevel(add_prefix_space=False)]))


def falcon():
    return byte_bpe(pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False),
    ]))


def spm_bpe(size=500):
    """BPE of characters with U+2581 for blanks and tokens for bytes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator([line.split("\u4e2d")[0] for line in corpus()], trainers.BpeTrainer(
        vocab_size=size, special_tokens=names, show_progress=False))

    def change(data):
        data["added_tokens"] = [token for token in data["added_tokens"] if token["id"] < 3]
        data["model"]["byte_fallback"] = True
        data["pre_tokenizer"] = None
    return edited(tokenizer, change)


def llama2():
    tokenizer = spm_bpe()
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(BLANK), normalizers.Replace(" ", BLANK)])
    tokenizer.decoder = decoders.Sequence([decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def mistral():
    tokenizer = spm_bpe()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    return tokenizer


def gemma():
    tokenizer = spm_bpe()
    tokenizer.normalizer = normalizers.Replace(" ", BLANK)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


def unknown_bpe():
    """BPE of characters without bytes: unknown ones are fused, in words with a prefix."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, continuing_subword_prefix="##"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.train_from_iterator(corpus()[:6], trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<unk>"], continuing_subword_prefix="##", show_progress=False))
    tokenizer.decoder = decoders.WordPiece(cleanup=True)
    return tokenizer


def clip():
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "),
                                                 normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(CLIP), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>",
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.decoder = decoders.Sequence([decoders.ByteLevel(), decoders.BPEDecoder()])
    tokenizer.post_processor = processors.RobertaProcessing(("<|endoftext|>", 1), ("<|startoftext|>", 0))
    return tokenizer


def bert(lowercase=True):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=30))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(corpus(), trainers.WordPieceTrainer(
        vocab_size=400, special_tokens=names, show_progress=False))
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def bert_cased():
    return bert(False)


def unigram(normalizer, byte_fallback=False, size=300):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    names = ["<unk>", "<s>", "</s>"] + ([f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else [])
    tokenizer.train_from_iterator(corpus(), trainers.UnigramTrainer(
        vocab_size=size + len(names), special_tokens=names, unk_token="<unk>", show_progress=False))
    tokenizer.decoder = decoders.Metaspace()

    def change(data):
        data["added_tokens"] = [token for token in data["added_tokens"] if token["id"] < 3]
        data["model"]["byte_fallback"] = byte_fallback
    return edited(tokenizer, change)


def t5():
    tokenizer = unigram(normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(),
                                              normalizers.Replace(Regex(" {2,}"), " ")]))
    tokenizer.add_special_tokens([special("<extra_id_0>"), special("<extra_id_1>", rstrip=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)])
    return tokenizer


def albert():
    tokenizer = unigram(normalizers.Sequence([
        normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(),
        normalizers.StripAccents(), normalizers.Lowercase()]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.post_processor = processors.BertProcessing(("</s>", 2), ("<s>", 1))
    return tokenizer


def unigram_bytes():
    return unigram(normalizers.Strip(), byte_fallback=True)


def scripts():
    """Unigram behind UnicodeScripts, as XLNet's kind for Japanese."""
    tokenizer = unigram(normalizers.NFKC())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.UnicodeScripts(), pre_tokenizers.Digits(True)])
    return tokenizer


def kimi():
    return byte_bpe(split(KIMI))


def word_level():
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(corpus(), trainers.WordLevelTrainer(
        vocab_size=100, special_tokens=["[UNK]"], show_progress=False))
    return tokenizer


def flags():
    """Added tokens of every kind, in a text that is normalised."""
    tokenizer = byte_bpe(pre_tokenizers.ByteLevel(add_prefix_space=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.NFKC()])
    tokenizer.add_special_tokens([special("<L>", lstrip=True), special("<R>", rstrip=True),
                                  special("<LR>", lstrip=True, rstrip=True), special("<W>", single_word=True)])
    tokenizer.add_tokens([AddedToken("Earth", normalized=True), AddedToken("God", normalized=True, single_word=True),
                          AddedToken("Fin", normalized=True, lstrip=True), AddedToken("THE", normalized=False),
                          AddedToken("THE earth", normalized=False), AddedToken("\ufb01ne", normalized=True)])
    return tokenizer


MAKERS = (gpt2, roberta, llama3, qwen, o200k, deepseek, bloom, starcoder, falcon, llama2, mistral, gemma,
          unknown_bpe, clip, bert, bert_cased, t5, albert, unigram_bytes, scripts, kimi, word_level, flags)


def families():
    for maker in MAKERS:
        yield maker.__name__, maker()


# ---- at random ----

def random_normalizer(chance):
    kinds = [normalizers.NFC, normalizers.NFD, normalizers.NFKC, normalizers.NFKD, normalizers.Lowercase,
             normalizers.StripAccents, normalizers.Nmt, normalizers.Strip,
             lambda: normalizers.Strip(left=True, right=False), lambda: normalizers.Strip(left=False, right=True),
             lambda: normalizers.Replace(Regex(chance.choice([r"\s+", r"[aeiou]", r"\p{N}", r"^\s", r"e$"])),
                                         chance.choice(["", "_", " x"])),
             lambda: normalizers.Replace(Regex(r"(e)|\p{Han}"), "$1\\1"),
             lambda: normalizers.Replace(chance.choice(["e", " ", "the", "\u0e34"]), chance.choice(["", "E", "  "])),
             lambda: normalizers.Prepend(chance.choice([BLANK, " ", "ab"])),
             lambda: normalizers.BertNormalizer(*(chance.random() < 0.5 for _ in range(4)))]
    steps = [chance.choice(kinds)() for _ in range(chance.randrange(4))]
    if not steps:
        return None
    return steps[0] if len(steps) == 1 and chance.random() < 0.5 else normalizers.Sequence(steps)


def random_pre_tokenizer(chance, last=True):
    behaviour = chance.choice(["isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous"])
    patterns = [LLAMA3, O200K, BLOOM, CLIP, r"\s+", r"\p{L}+", r"\d", r"[^\s]+", r"\w+|[^\w\s]+", r"\bt", r"$", r"e\B",
                r"(?<=e)\s", r".\n?", r"[a-f\p{Lu}]{2}", r"x(?=\p{P})|\p{S}",
                KIMI, r"[\p{Han}\p{Thai}]+|[^\S\n]", r"[\p{M}&&[^\p{Mn}]]|\p{Cn}", r"[[:^alpha:]&&[^[\d\s]]]+"]
    pattern = chance.choice([pattern for pattern in patterns if pattern != "$"])
    kinds = [pre_tokenizers.Whitespace, pre_tokenizers.WhitespaceSplit, pre_tokenizers.BertPreTokenizer,
             lambda: pre_tokenizers.Digits(chance.random() < 0.5), lambda: pre_tokenizers.Punctuation(behaviour),
             lambda: pre_tokenizers.Metaspace("\u2581", chance.choice(["always", "first", "never"]),
                                              chance.random() < 0.7),
             pre_tokenizers.UnicodeScripts, lambda: pre_tokenizers.CharDelimiterSplit(chance.choice("e \u0e34")),
             lambda: pre_tokenizers.Split(Regex(pattern), behaviour, chance.random() < 0.4),
             lambda: pre_tokenizers.Split(chance.choice(["e", " ", "th", "\u0e34"]), behaviour, chance.random() < 0.4),
             lambda: pre_tokenizers.FixedLength(chance.randrange(1, 9))]
    if last:
        kinds.append(lambda: pre_tokenizers.ByteLevel(chance.random() < 0.5, use_regex=chance.random() < 0.5))
    return chance.choice(kinds)()


def random_model(chance, tokenizer):
    """Trains a model of a random kind behind the normalizer and pre-tokenizer that are there."""
    kind = chance.randrange(4)
    alphabet = pre_tokenizers.ByteLevel.alphabet() if chance.random() < 0.5 else []
    options = {"show_progress": False, "special_tokens": ["<unk>"], "initial_alphabet": alphabet}
    size = chance.randrange(280, 500)
    if kind == 0:
        prefix, suffix = chance.choice([(None, None), (None, None), ("##", None), (None, "</w>"), ("@", "$$")])
        model = models.BPE(unk_token=chance.choice([None, "<unk>"]), fuse_unk=chance.random() < 0.5,
                           **{key: value for key, value in (("continuing_subword_prefix", prefix),
                                                            ("end_of_word_suffix", suffix)) if value})
        trainer = trainers.BpeTrainer(vocab_size=size, **{key: value for key, value in (
            ("continuing_subword_prefix", prefix), ("end_of_word_suffix", suffix)) if value}, **options)
    elif kind == 1:
        model, trainer = models.WordPiece(unk_token="<unk>", max_input_chars_per_word=chance.choice([5, 100])), \
            trainers.WordPieceTrainer(vocab_size=size, **options)
    elif kind == 2:
        model, trainer = models.Unigram(), trainers.UnigramTrainer(vocab_size=size, unk_token="<unk>", **options)
    else:
        options.pop("initial_alphabet")
        model, trainer = models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(vocab_size=size, **options)
    tokenizer.model = model
    tokenizer.train_from_iterator(corpus(2), trainer)


def random_family(seed):
    """None where the package itself cannot make one of these parts."""
    chance = random.Random(seed)
    tokenizer = Tokenizer(models.BPE())
    normalizer = random_normalizer(chance)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    steps = [random_pre_tokenizer(chance, False) for _ in range(chance.randrange(3))]
    steps.append(random_pre_tokenizer(chance))
    tokenizer.pre_tokenizer = steps[0] if len(steps) == 1 else pre_tokenizers.Sequence(steps)
    try:
        random_model(chance, tokenizer)
    except BaseException:  # noqa: a panic of the package is no Exception
        return None
    for _ in range(chance.randrange(4)):
        content = chance.choice(["<x>", "the", "God", "\u0e34", " a", "<x>y", "E\u0301"])
        tokenizer.add_tokens([AddedToken(content, single_word=chance.random() < 0.3, lstrip=chance.random() < 0.3,
                                         rstrip=chance.random() < 0.3, normalized=chance.random() < 0.5,
                                         special=chance.random() < 0.5)])
    return tokenizer


if __name__ == "__main__":
    import sys
    for name, made in families():
        (pathlib.Path(sys.argv[1]) / f"{name}.json").write_text(made.to_str(), encoding="utf-8")
