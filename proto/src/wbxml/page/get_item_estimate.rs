//! Code page 6: GetItemEstimate ([MS-ASWBXML] 2.1.2.1.7).

code_page! {
    6, "GetItemEstimate";
    GET_ITEM_ESTIMATE = 0x05, "GetItemEstimate";
    VERSION = 0x06, "Version";
    COLLECTIONS = 0x07, "Collections";
    COLLECTION = 0x08, "Collection";
    CLASS = 0x09, "Class";
    COLLECTION_ID = 0x0A, "CollectionId";
    DATE_TIME = 0x0B, "DateTime";
    ESTIMATE = 0x0C, "Estimate";
    RESPONSE = 0x0D, "Response";
    STATUS = 0x0E, "Status";
}
