//! Code page 23: Notes ([MS-ASWBXML] 2.1.2.1.24).

code_page! {
    23, "Notes";
    SUBJECT = 0x05, "Subject";
    MESSAGE_CLASS = 0x06, "MessageClass";
    LAST_MODIFIED_DATE = 0x07, "LastModifiedDate";
    CATEGORIES = 0x08, "Categories";
    CATEGORY = 0x09, "Category";
}
