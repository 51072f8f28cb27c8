CREATE TABLE article_search (
  article_id bigint NOT NULL CONSTRAINT pk_article_search PRIMARY KEY,
  words tsvector NOT NULL
);

CREATE INDEX ix_article_search_words ON article_search USING gin (words);

COMMENT ON TABLE article_search IS 'the full-text index of articles';
