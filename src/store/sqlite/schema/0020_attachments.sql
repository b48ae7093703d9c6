-- Documents attached to contacts; the link says nothing about who may open the document.
CREATE TABLE attachment (
    contact INTEGER NOT NULL,
    document INTEGER NOT NULL,
    person INTEGER,
    at INTEGER NOT NULL,
    PRIMARY KEY (contact, document)
) WITHOUT ROWID;
CREATE INDEX attachment_document ON attachment (document);
