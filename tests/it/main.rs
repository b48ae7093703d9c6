//! The whole server through its faces, in process and over real sockets.

mod account;
mod admin;
mod autodiscover;
mod conformance;
mod corpus;
mod cross;
mod dav;
mod eas;
mod eas_items;
mod layering;
mod mail;
mod model;
mod operator;
mod rights;
mod search;
mod support;
mod transfer;
mod web;
mod web_edit;
mod web_devices;
mod web_fields;
mod web_list;
mod web_rights;
mod web_search;
mod web_settings;
mod web_transfer;
