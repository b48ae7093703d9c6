//! Carnet: contacts over Exchange ActiveSync, CardDAV and the web, on one core.

pub mod app;
pub mod auth;
pub mod autodiscover;
pub mod class;
pub mod cli;
pub mod config;
pub mod connect;
pub mod dav;
pub mod demo;
pub mod domain;
pub mod durable;
pub mod eas;
pub mod http;
pub mod mail;
mod observe;
pub mod store;
pub mod text;
pub mod transfer;
pub mod web;
