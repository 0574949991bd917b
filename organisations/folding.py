from core.folding import fold, fold_word, spellings, split, words

__all__ = ["fold", "fold_word", "spellings", "split", "words"]
