-- A push subscription ends with the app password it was made with.
ALTER TABLE push_subscription ADD COLUMN app_password INTEGER
    REFERENCES app_password (id) ON DELETE CASCADE;
CREATE INDEX push_subscription_app_password ON push_subscription (app_password)
    WHERE app_password IS NOT NULL;
