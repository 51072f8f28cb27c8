CREATE VIRTUAL TABLE article_search USING fts5(
  headline, alternative_headline, summary, body_text,
  content='', tokenize='unicode61 remove_diacritics 2'
);
