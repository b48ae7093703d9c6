-- Which browser, from where, and when it was last seen; the same of app passwords.
ALTER TABLE session ADD COLUMN began INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN address TEXT NOT NULL DEFAULT '';
CREATE INDEX session_person ON session (person);
ALTER TABLE app_password ADD COLUMN last_address TEXT NOT NULL DEFAULT '';
CREATE INDEX app_password_person ON app_password (person);
