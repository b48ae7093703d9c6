//! The web: pages that are complete without script.

mod account;
mod address;
mod admin;
mod app_passwords;
mod attachments;
mod browsers;
mod calls;
mod card;
mod choice;
mod clients;
mod comments;
mod compress;
mod connect;
mod contacts;
mod devices;
mod dispatch;
mod documents;
mod duplicates;
mod edit;
mod error;
mod export;
pub mod facet;
pub mod first_start;
mod forgotten;
mod form;
mod group_rights;
mod groups;
mod help;
mod history;
mod home;
mod import;
mod invitations;
mod item_rights;
mod limit;
mod list_frame;
mod lists;
mod map;
mod names;
mod news;
mod notifications;
mod origin;
mod page;
mod params;
mod place;
mod qr;
mod refused;
mod request;
mod search;
mod search_members;
mod second_factor;
mod selection;
mod session;
mod settings;
mod share;
mod sign_in;
mod site;
mod tags;
mod told;
mod trash;
mod undo;
mod verify;
mod when;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::set_header::SetResponseHeaderLayer;

use self::{facet::WebFacet, session::Sessions};
use crate::{
    auth::Authenticator,
    domain::{
        core::Core,
        outbox::{Channel, Outlets},
    },
    transfer::Jobs,
};

pub use site::Site;

/// Octets of a form without files.
const FORM: usize = 1024 * 1024;
/// Octets of an upload that are read at all; how many are kept is each form's own.
const UPLOAD: usize = 1024 * 1024 * 1024;
/// Octets of a form of somebody who is not signed in.
const ANONYMOUS: usize = 16 * 1024;

/// The web face: its settings and the parts it needs.
pub struct Web {
    pub(crate) core: Arc<Core>,
    pub(crate) auth: Arc<Authenticator>,
    pub(crate) facet: Arc<dyn WebFacet>,
    pub(crate) jobs: Arc<Jobs>,
    /// What the pages know of the server they are on.
    site: Site,
    /// Profiles that wait to be fetched.
    offers: connect::Offers,
    sessions: Sessions,
    pub(crate) outlets: Outlets,
    forgotten: forgotten::Limits,
    letters: account::Limits,
    looks: invitations::Looks,
    undos: undo::Undos,
    lately: dispatch::Lately,
    verify: verify::public::Limits,
}

impl Web {
    pub fn new(
        core: Arc<Core>,
        auth: Arc<Authenticator>,
        facet: Arc<dyn WebFacet>,
        jobs: Arc<Jobs>,
        outlets: Outlets,
        site: Site,
    ) -> Arc<Self> {
        Arc::new(Self {
            site,
            offers: connect::Offers::default(),
            sessions: Sessions::new(core.clone()),
            undos: undo::Undos::default(),
            lately: dispatch::Lately::default(),
            core,
            auth,
            facet,
            jobs,
            outlets,
            forgotten: forgotten::Limits::default(),
            letters: account::Limits::default(),
            looks: invitations::Looks::default(),
            verify: verify::public::Limits::default(),
        })
    }

    /// Takes up the key of forms, before anybody is served: pages that were open at the last stop stay
    /// good.
    pub async fn remember_forms(&self) -> crate::domain::error::Result<()> {
        self.sessions.remember_forms().await
    }
}

/// All pages.
pub fn router(web: Arc<Web>) -> Router {
    let place = |path: &'static str| -> Router<Arc<Web>> {
        let at = |rest: &str| format!("{path}{rest}");
        Router::new()
            .route(path, get(contacts::list))
            .route(
                &at("/new"),
                get(edit::new).post(edit::create).layer(uploads()),
            )
            .route(&at("/new/alike"), post(edit::while_typing))
            .route(&at("/c/{id}"), get(card::card))
            .route(
                &at("/c/{id}/edit"),
                get(edit::edit).post(edit::update).layer(uploads()),
            )
            .route(&at("/c/{id}/delete"), post(card::delete))
            .route(&at("/c/{id}/photo"), get(card::photo))
            .merge(one_item(path))
            .merge(one_contact(path))
            .merge(whole_place(path))
            .merge(lists_of(path))
            .merge(files(path))
    };
    let pages = Router::new()
        .route("/contacts", get(contacts::last_place))
        .route("/new", get(edit::new_in_default))
        .route("/documents", get(documents::tool))
        .route("/d/private", get(documents::private))
        .route("/d/g/{name}", get(documents::of_group))
        .route("/search", get(search::page))
        .route("/search/last", get(search::last))
        .route("/search/clear", post(search::clear))
        .route("/search/suggest", get(search::suggest))
        .merge(results())
        .route("/settings", get(settings::page))
        .route("/settings/display", post(settings::display))
        .route("/settings/contacts", post(settings::contacts))
        .route("/settings/zone", post(settings::zone))
        .route("/keys", get(settings::keys))
        .route("/help", get(help::index))
        .route("/help/{section}", get(help::section))
        .route("/logout", post(sign_in::sign_out))
        .merge(signing_in())
        .merge(assets())
        .merge(letters())
        .merge(place("/c/private"))
        .merge(place("/c/books/{book}"))
        .merge(place("/g/{name}"))
        .merge(folder("/d/private/{folder}"))
        .merge(folder("/d/g/{name}/{folder}"))
        .merge(people())
        .merge(account())
        .merge(own_devices())
        .merge(guide())
        .merge(admin::router())
        .method_not_allowed_fallback(params::other_method)
        // What else is sent there is CardDAV discovery.
        .route("/", get(home::page))
        .layer(DefaultBodyLimit::max(FORM))
        .layer(middleware::from_fn_with_state(web.clone(), told::sign))
        .layer(middleware::from_fn(compress::compress))
        .layer(middleware::from_fn_with_state(web.clone(), origin::guard));
    guarded(pages).with_state(web)
}

/// The largest body of forms with files.
fn uploads() -> DefaultBodyLimit {
    DefaultBodyLimit::max(UPLOAD)
}

/// What browsers are told of pages: nothing foreign, nothing sniffed, no frames.
const GUARDS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
         img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    // Pages are of one person; what may be kept says so.
    ("cache-control", "no-store"),
];

fn guarded<S: Clone + Send + Sync + 'static>(pages: Router<S>) -> Router<S> {
    let guards = GUARDS.into_iter();
    guards.fold(pages, |pages, (name, value)| {
        pages.layer(header_layer(name, value))
    })
}

/// The answer to a path that is nobody's: a page for browsers.
pub async fn no_page(web: &Arc<Web>, request: Request) -> Response {
    let mut response = params::no_page(web, request).await;
    for (name, value) in GUARDS {
        let (name, value) = (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
        response.headers_mut().insert(name, value);
    }
    response
}

/// Style, script and picture of every page.
fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/static/carnet.css", get(style))
        .route("/static/carnet.js", get(script))
        .route("/static/form.js", get(form_script))
        .route("/static/list.js", get(list_script))
        .route("/static/icon.svg", get(icon))
}

/// Selections of results of a search.
fn results() -> Router<Arc<Web>> {
    use search::selected;
    Router::new()
        .route("/search/selected/delete", post(selected::delete))
        .route("/search/selected/tag", post(selected::tag))
        .route("/search/selected/untag", post(selected::untag))
        .route("/search/selected/share", post(selected::share))
        .route("/search/selected/move", post(selected::move_to))
        .route("/search/selected/copy", post(selected::copy))
        .route("/search/selected/export", post(selected::export))
        .route("/search/selected/print", post(selected::print))
        .route("/search/selected/merge", post(selected::merge))
}

/// A folder of documents, and one document.
fn folder(path: &str) -> Router<Arc<Web>> {
    let at = |rest: &str| format!("{path}{rest}");
    // As many octets as the limits of documents allow, not those of forms.
    let unbounded = || DefaultBodyLimit::disable();
    Router::new()
        .route(path, get(contacts::list))
        .route(&at("/upload"), post(documents::upload).layer(unbounded()))
        .route(&at("/folders"), post(documents::make))
        .route(&at("/rename"), post(documents::rename))
        .route(&at("/delete"), post(documents::delete))
        .route(&at("/restore"), post(documents::restore))
        .route(&at("/c/{id}"), get(card::card))
        .route(&at("/c/{id}/delete"), post(card::delete))
        .route(&at("/c/{id}/file"), get(documents::download))
        .route(&at("/c/{id}/details"), post(documents::change))
        .route(
            &at("/c/{id}/version"),
            post(documents::replace).layer(unbounded()),
        )
        .route(
            &at("/c/{id}/history/{revision}/file"),
            get(documents::earlier),
        )
        .route(&at("/c/{id}/share/folder"), post(share::into_new_folder))
        .merge(one_item(path))
        .merge(whole_place(path))
}

/// Forms of people who are not signed in.
fn signing_in() -> Router<Arc<Web>> {
    Router::new()
        .route("/login", get(sign_in::form).post(sign_in::sign_in))
        .route("/login/code", post(sign_in::code))
        .route("/forgotten", get(forgotten::page).post(forgotten::send))
        .route("/reset/{token}", get(forgotten::form).post(forgotten::set))
        .layer(DefaultBodyLimit::max(ANONYMOUS))
}

/// What letters lead to, and what of them a person decides.
fn letters() -> Router<Arc<Web>> {
    Router::new()
        .route(
            "/v/{token}",
            get(verify::public::page).post(verify::public::answer),
        )
        .route("/v/{token}/photo", get(verify::public::photo))
        .route("/outbox", get(dispatch::outbox))
        .route("/outbox/again", post(dispatch::again))
        .route("/verify", get(verify::campaigns))
        .route("/verify/{campaign}", get(verify::campaign))
        .route("/verify/{campaign}/stop", post(verify::stop))
        .route(
            "/settings/notifications",
            get(notifications::page).post(notifications::choose),
        )
}

/// What only contacts have: favourites, members of lists, attachments.
fn one_contact(place: &str) -> Router<Arc<Web>> {
    let at = |rest: &str| format!("{place}/c/{{id}}{rest}");
    Router::new()
        .route(&at("/favourite"), post(lists::favourite))
        .route(&at("/verify"), get(verify::page).post(verify::ask))
        .route(&at("/sms"), dispatch::form(Channel::Sms))
        .route(&at("/fax"), dispatch::form(Channel::Fax))
        .route(&at("/members/remove"), post(lists::remove))
        .route(
            &at("/attach"),
            get(attachments::page).post(attachments::attach),
        )
        .route(
            &at("/attach/upload"),
            post(attachments::upload).layer(DefaultBodyLimit::disable()),
        )
        .route(&at("/detach"), post(attachments::detach))
}

/// Lists of contacts.
fn lists_of(place: &str) -> Router<Arc<Web>> {
    let at = |rest: &str| format!("{place}{rest}");
    Router::new()
        .route(&at("/lists"), post(lists::create))
        .route(&at("/selected/list"), post(lists::add))
}

/// Sharing, rights, comments, tags and history of one item.
fn one_item(place: &str) -> Router<Arc<Web>> {
    let at = |rest: &str| format!("{place}/c/{{id}}{rest}");
    Router::new()
        .route(&at("/share"), get(share::page))
        .route(&at("/share/add"), post(share::add))
        .route(&at("/share/remove"), post(share::remove))
        .route(&at("/share/move"), post(share::move_to))
        .route(&at("/copy"), post(share::copy))
        .route(&at("/rights"), get(item_rights::page))
        .route(&at("/rights/grant"), post(item_rights::grant))
        .route(&at("/rights/withdraw"), post(item_rights::withdraw))
        .route(&at("/comments"), post(comments::add))
        .route(&at("/comments/edit"), post(comments::edit))
        .route(&at("/comments/delete"), post(comments::delete))
        .route(&at("/comments/restore"), post(comments::restore))
        .route(&at("/tags"), post(tags::assign))
        .route(&at("/history"), get(history::page))
        .route(&at("/history/restore"), post(history::restore))
        .route(&at("/history/copy"), post(history::copy))
}

/// Selections, trash and emptying of a place.
fn whole_place(place: &str) -> Router<Arc<Web>> {
    let at = |rest: &str| format!("{place}{rest}");
    Router::new()
        .route(&at("/selected/delete"), post(selection::delete))
        .route(&at("/selected/tag"), post(selection::tag))
        .route(&at("/selected/untag"), post(selection::untag))
        .route(&at("/selected/share"), post(selection::share))
        .route(&at("/selected/move"), post(selection::move_to))
        .route(&at("/selected/copy"), post(selection::copy))
        .route(
            &at("/empty"),
            get(selection::ask_empty).post(selection::empty),
        )
        .route(&at("/trash"), get(trash::page))
        .route(&at("/trash/restore"), post(trash::restore))
        .route(&at("/trash/copy"), post(trash::copy))
        .route(&at("/trash/withhold"), post(trash::withhold))
        .route(&at("/trash/back"), post(trash::back))
        .route(&at("/trash/undo-client"), post(trash::undo_client))
        .route(&at("/trash/hold"), post(trash::hold))
}

/// Files into a place and out of it.
fn files(place: &str) -> Router<Arc<Web>> {
    let at = |rest: &str| format!("{place}{rest}");
    let waiting = |rest: &str| format!("{place}/import/file/{{upload}}{rest}");
    let imported = |rest: &str| format!("{place}/imports/{{import}}{rest}");
    Router::new()
        .route(
            &at("/import"),
            get(import::start).post(import::receive).layer(uploads()),
        )
        .route(&waiting(""), get(import::check).post(import::check_again))
        .route(&waiting("/start"), post(import::begin))
        .route(&waiting("/discard"), post(import::discard))
        .route(&imported(""), get(import::report))
        .route(&imported("/refused"), get(import::refused))
        .route(&imported("/again"), post(import::again))
        .route(&imported("/end"), post(import::end))
        .route(&imported("/undo"), post(import::undo))
        .route(&at("/selected/verify"), post(verify::select))
        .route(&at("/verify"), post(verify::ask_many))
        .route(&at("/export"), get(export::page).post(export::file))
        .route(&at("/selected/export"), post(export::selected))
        .route(&at("/duplicates"), get(duplicates::page))
        .route(&at("/duplicates/undo"), post(duplicates::undo))
        .route(
            &at("/duplicates/{first}/{second}"),
            get(duplicates::compare).post(duplicates::merge),
        )
        .route(
            &at("/duplicates/{first}/{second}/apart"),
            post(duplicates::apart),
        )
        .route(&at("/selected/merge"), post(duplicates::selected))
        .route(&at("/print"), get(export::print))
        .route(&at("/selected/print"), post(export::print_selected))
}

/// Groups, tags, refused changes and notices of a person.
fn people() -> Router<Arc<Web>> {
    Router::new()
        .route("/groups", get(groups::list).post(groups::found))
        .route(
            "/join/{token}",
            get(invitations::invitation).post(invitations::join),
        )
        .route("/g/{name}/members", get(groups::members))
        .route("/g/{name}/members/add", post(groups::add))
        .route("/g/{name}/members/invite", post(groups::invite))
        .route("/g/{name}/members/role", post(groups::role))
        .route("/g/{name}/members/uninvite", post(groups::uninvite))
        .route("/g/{name}/members/remove", post(groups::remove))
        .route("/g/{name}/members/rename", post(groups::rename))
        .route("/g/{name}/members/options", post(groups::options))
        .route("/g/{name}/members/leave", post(groups::leave))
        .route("/g/{name}/members/delete", post(groups::delete))
        .route("/g/{name}/rights", get(group_rights::page))
        .route("/g/{name}/rights/grant", post(group_rights::grant))
        .route("/g/{name}/rights/withdraw", post(group_rights::withdraw))
        .route("/settings/map", get(map::page).post(map::choose))
        .route("/settings/calls", get(calls::page).post(calls::choose))
        .route("/tags", get(tags::page).post(tags::create))
        .route("/tags/colour", post(tags::colour))
        .route("/tags/delete", post(tags::delete))
        .route("/refused", get(refused::page))
        .route("/refused/copy", post(refused::copy))
        .route("/refused/propose", post(refused::propose))
        .route("/refused/dismiss", post(refused::dismiss))
        .route("/refused/accept", post(refused::accept))
        .route("/refused/decline", post(refused::decline))
        .route("/undo", post(undo::undo))
        .route("/notices/undo", post(refused::undo_notice))
        .route("/notices/confirm", post(refused::confirm_notice))
        .route("/notices/read", post(news::read))
}

/// The person's own account, its passwords and its second factor.
fn account() -> Router<Arc<Web>> {
    Router::new()
        .route(
            "/settings/passwords",
            get(app_passwords::page).post(app_passwords::make),
        )
        .route("/settings/passwords/revoke", post(app_passwords::revoke))
        .route("/settings/account", get(account::page))
        .route(
            "/settings/account/card",
            post(account::card).layer(uploads()),
        )
        .route("/settings/account/photo", get(account::photo))
        .route(
            "/settings/account/address/{token}",
            get(address::ask).post(address::confirm),
        )
        .route("/settings/account/password", post(account::password))
        .route("/settings/account/sessions/end", post(account::end_session))
        .route(
            "/settings/account/sessions/end-all",
            post(account::end_sessions),
        )
        .route("/settings/account/download", post(account::download))
        .route(
            "/settings/account/delete",
            get(account::ask_delete).post(account::delete),
        )
        .route("/settings/second-factor", get(second_factor::page))
        .route("/settings/second-factor/begin", post(second_factor::begin))
        .route(
            "/settings/second-factor/confirm",
            post(second_factor::confirm),
        )
        .route("/settings/second-factor/codes", post(second_factor::renew))
        .route(
            "/settings/second-factor/remove",
            post(second_factor::remove),
        )
}

/// How devices are connected.
fn guide() -> Router<Arc<Web>> {
    Router::new()
        .route("/connect", get(connect::guide))
        .route("/connect/state", get(connect::state_page))
        .route("/connect/p/{token}", get(connect::offered))
        .route("/connect/{kind}", get(connect::kind).post(connect::make))
}

/// The devices and programs of a person.
fn own_devices() -> Router<Arc<Web>> {
    let device = |rest: &str| format!("/settings/devices/e/{{id}}{rest}");
    let program = |rest: &str| format!("/settings/devices/c/{{label}}{rest}");
    Router::new()
        .route("/settings/devices", get(devices::list))
        .route(&device(""), get(devices::device))
        .route(&device("/log"), get(devices::device_log))
        .route(&device("/rename"), post(devices::rename))
        .route(&device("/shown"), post(devices::shown))
        .route(&device("/order"), post(devices::give_order))
        .route(&device("/erase"), post(devices::erase))
        .route(&program(""), get(devices::program))
        .route(&program("/log"), get(devices::program_log))
        .route(&program("/rename"), post(devices::rename_program))
        .route(&program("/order"), post(devices::order_program))
}

fn header_layer(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}

async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", include_str!("static/carnet.css"))
}

async fn script() -> impl IntoResponse {
    asset(SCRIPT, include_str!("static/carnet.js"))
}

async fn form_script() -> impl IntoResponse {
    asset(SCRIPT, include_str!("static/form.js"))
}

async fn list_script() -> impl IntoResponse {
    asset(SCRIPT, include_str!("static/list.js"))
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

async fn icon() -> impl IntoResponse {
    asset("image/svg+xml", include_str!("static/icon.svg"))
}

fn asset(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, text)
}
