-- What is purged, and what waits for a person, is found without reading what stays.
CREATE INDEX placement_gone_at ON placement (gone_at) WHERE gone IS NOT NULL;
CREATE INDEX item_ended ON item (id) WHERE length(document) = 0;
CREATE INDEX refusal_mark_item ON refusal_mark (item);
CREATE INDEX revision_kept ON revision (person, id) WHERE kind IN ('refused', 'proposed');
DROP TABLE index_span;
