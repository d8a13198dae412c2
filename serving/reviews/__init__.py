"""One case, one analysis (一案一分析): what was known, said, missed and late before a harm came."""
