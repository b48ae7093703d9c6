-- Words say which collection's and of which class they are (`token::placed`): what meets a query is read
-- from lists of its own, and beginnings need no index beside them. `place` also holds what criteria ask for
-- (`token::mark`). Words come folded and separated by blanks: the tokenizer leaves them as they are.
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
    place, name, organization, email, telephone, reach, city, country, rest, comment,
    content = '', contentless_delete = 1, detail = 'full',
    tokenize = 'ascii'
);
-- Derived rows are made anew at the next start.
INSERT OR REPLACE INTO meta VALUES ('derived', 'stale');
