-- What the class of an item keeps beside its document: which value fills which place of a device.
ALTER TABLE item ADD COLUMN beside BLOB NOT NULL DEFAULT x'';
