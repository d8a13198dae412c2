"""CatBoost on text and table: its text features over characters and pairs of them, stopped early in time."""

from __future__ import annotations

from typing import Any, Final

from catboost import CatBoostClassifier, Pool

from bench.model.districts import Sheets

LATEST: Final = 0.2
TEXTS: Final = {
    "tokenizers": [{"tokenizer_id": "Space", "delimiter": " ", "separator_type": "ByDelimiter"}],
    "dictionaries": [
        {"dictionary_id": "One", "gram_order": "1", "occurrence_lower_bound": "5"},
        {"dictionary_id": "Two", "gram_order": "2", "occurrence_lower_bound": "5",
         "max_dictionary_size": "20000"},
    ],
    "feature_processing": {
        "default": [
            {"tokenizers_names": ["Space"], "dictionaries_names": ["One", "Two"],
             "feature_calcers": ["BoW:top_tokens_count=1000", "NaiveBayes", "BM25"]}
        ]
    },
}  # fmt: skip


def scores(sheets: Sheets) -> dict[str, Any]:
    """The probability."""
    train, codes = sheets.matured.sort_values("as_of"), sheets.facts["codes"]
    columns = [*sheets.columns, "text"]

    def pool(rows: Any, *, labelled: bool = True) -> Pool:
        x = rows[columns].copy()
        x[codes] = x[codes].fillna(-1).astype(int)
        x["text"] = x["text"].map(" ".join)
        return Pool(
            x,
            label=rows["y"] if labelled else None,
            weight=rows["weight"] if labelled else None,
            cat_features=codes,
            text_features=["text"],
        )

    def model(rounds: int) -> CatBoostClassifier:
        return CatBoostClassifier(
            iterations=rounds,
            learning_rate=0.05,
            text_processing=TEXTS,
            random_seed=0,
            thread_count=2,
            verbose=False,
            allow_writing_files=False,
        )

    begin = int(len(train) * (1 - LATEST))
    earlier, later = train.iloc[:begin], train.iloc[begin:]
    rounds = 150
    if earlier["y"].sum() and later["y"].sum():
        stopped = model(600).fit(pool(earlier), eval_set=pool(later), early_stopping_rounds=50)
        rounds = max(stopped.get_best_iteration() + 1, 20)
    fitted = model(rounds).fit(pool(train))
    return {"score": fitted.predict_proba(pool(sheets.test, labelled=False))[:, 1]}
