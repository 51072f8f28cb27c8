CREATE VIEW v_stories AS SELECT
  s.id AS story_id,
  f.headline AS headline,
  p.name AS first_publisher,
  s.first_article_id AS first_article_id,
  f.first_seen_after AS first_seen_after,
  f.first_seen_at AS first_seen_before,
  s.first_published_at AS first_published_at,
  (SELECT max(coalesce(s2.last_seen_at, fs.last_success_at, s2.first_seen_at)) FROM story_article AS m JOIN sighting AS s2 ON s2.article_id = m.article_id JOIN feed_schedule AS fs ON fs.feed_id = s2.feed_id WHERE m.story_id = s.id) AS last_seen_at,
  s.articles AS articles,
  s.publishers AS publishers,
  s.fullest_article_id AS fullest_article_id,
  s.source_agency AS source_agency,
  f.language AS language
FROM story AS s
LEFT JOIN article AS f ON f.id = s.first_article_id
LEFT JOIN publisher AS p ON p.id = f.publisher_id
WHERE s.merged_into_id IS NULL AND s.articles > 0;
