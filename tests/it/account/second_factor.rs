//! Codes besides the password.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{opens_dav, opens_eas, submit};
use crate::support::{
    browser::{Browser, hidden},
    eas::Device,
    http::Answer,
    program::{refused, works},
    server::Server,
};

const PAGE: &str = "/settings/second-factor";

/// An authenticator program.
struct Phone {
    secret: Vec<u8>,
    /// The code that confirmed the secret.
    used: String,
}

impl Phone {
    /// Takes the secret as it stands in the page for people to type.
    fn of(page: &str) -> Self {
        let (_, rest) = page
            .split_once("<code id=\"factor-secret\">")
            .expect("a secret");
        let typed: String = rest
            .chars()
            .take_while(|c| *c != '<')
            .filter(|c| !c.is_whitespace())
            .collect();
        let secret = totp_rs::Secret::try_from_base32(typed).expect("base32");
        Self {
            secret: secret.as_bytes().to_vec(),
            used: String::new(),
        }
    }

    /// The code of now, or of some steps from now.
    fn code(&self, steps: i64) -> String {
        let time = now() + steps * 30;
        let secret = totp_rs::Secret::new(self.secret.clone().into());
        let totp = totp_rs::Builder::new()
            .with_secret(secret)
            .build()
            .expect("a secret");
        totp.generate(u64::try_from(time).expect("a time"))
            .to_string()
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.expect("a clock").as_secs()).expect("a time")
}

/// Sets it up; the phone and the recovery codes.
fn turn_on(browser: &Browser) -> (Phone, Vec<String>) {
    let begun = submit(
        browser,
        PAGE,
        "/settings/second-factor/begin",
        &[("password", "demo")],
    );
    assert_eq!(begun.status, 200, "{}", begun.text());
    let mut phone = Phone::of(&begun.text());
    // A code of the step before is good until this one ends.
    let left = 30 - now().rem_euclid(30);
    if left < 10 {
        std::thread::sleep(Duration::from_secs(left.unsigned_abs() + 1));
    }
    phone.used = phone.code(-1);
    let fields = [("code", phone.used.as_str())];
    let on = submit(browser, PAGE, "/settings/second-factor/confirm", &fields);
    assert_eq!(
        (on.status, on.header("cache-control")),
        (200, Some("no-store"))
    );
    let text = on.text();
    let codes = text.split("<li><code>").skip(1);
    let codes: Vec<String> = codes
        .filter_map(|rest| rest.split('<').next().map(str::to_owned))
        .collect();
    assert_eq!(codes.len(), 10);
    (phone, codes)
}

/// The second step of signing in, after the password.
fn second_step(browser: &mut Browser, asked: &Answer, code: &str) -> Answer {
    let ticket = hidden(&asked.text(), "ticket");
    let answer = browser.submit("/login/code", &[("ticket", &ticket), ("code", code)]);
    let cookie = answer
        .header("set-cookie")
        .and_then(|cookie| cookie.split(';').next());
    browser.cookie = cookie.map(str::to_owned);
    answer
}

#[test]
fn signing_in_asks_for_a_code_that_serves_once() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let wrong = submit(
        &browser,
        PAGE,
        "/settings/second-factor/begin",
        &[("password", "x")],
    );
    assert_eq!(wrong.status, 403);
    let begun = submit(
        &browser,
        PAGE,
        "/settings/second-factor/begin",
        &[("password", "demo")],
    );
    let text = begun.text();
    assert!(
        text.contains("data:image/svg+xml;base64,") && text.contains("otpauth://totp/Carnet:alice")
    );
    // It is not in force before a code confirms it.
    assert!(opens_dav(&server.address, "demo"));
    let wrong = submit(
        &browser,
        PAGE,
        "/settings/second-factor/confirm",
        &[("code", "000000")],
    );
    assert_eq!(wrong.status, 403);
    let (phone, _) = turn_on(&browser);
    assert!(!browser.page(PAGE).contains("<li><code>"), "shown once");

    let mut again = Browser::open(&server.address);
    let asked = again.sign_in("alice", "demo");
    assert_eq!(
        (asked.status, again.cookie.clone()),
        (200, None),
        "no session yet"
    );
    assert!(asked.text().contains("six digits"));
    assert_eq!(again.get("/c/private").status, 303);
    // The code that confirmed is used up, and so is one that signed in.
    assert_eq!(second_step(&mut again, &asked, &phone.used).status, 401);
    let code = phone.code(0);
    let answer = second_step(&mut again, &asked, &code);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(again.get("/c/private").status, 200);
    assert_eq!(second_step(&mut again, &asked, &code).status, 401);
    let next = phone.code(1);
    assert_eq!(second_step(&mut again, &asked, &next).status, 303);
    // The wrong password is not told from the right one by what follows.
    let denied = again.sign_in("alice", "wrong");
    assert_eq!(denied.status, 401);
    assert!(!denied.text().contains("six digits"));
    // Five codes, and one signs in anew.
    let asked_again = again.sign_in("alice", "demo");
    for _ in 0..5 {
        assert_eq!(second_step(&mut again, &asked_again, "000000").status, 401);
    }
    let over = second_step(&mut again, &asked_again, "000000");
    assert_eq!(over.status, 401);
    assert!(over.text().contains("too many codes"), "{}", over.text());
    // A ticket is for whom it was given to.
    let bob = hidden(&asked.text(), "ticket").replacen(
        &format!("{}.", server.person("alice")),
        &format!("{}.", server.person("bob")),
        1,
    );
    let forged = again.submit("/login/code", &[("ticket", &bob), ("code", &next)]);
    assert_eq!(forged.status, 401);
}

/// A code that was used under a clock that was ahead is of a step nobody comes to for long.
#[test]
fn a_clock_that_was_ahead_locks_nobody_out() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let (phone, _) = turn_on(&browser);
    let year_ahead = (now() + 365 * 24 * 60 * 60) / 30;
    server.sql(&format!(
        "UPDATE second_factor SET last_step = {year_ahead}"
    ));
    let mut browser = Browser::open(&server.address);
    let asked = browser.sign_in("alice", "demo");
    let code = phone.code(0);
    assert_eq!(second_step(&mut browser, &asked, &code).status, 303);
    // And it serves once.
    let mut again = Browser::open(&server.address);
    let asked = again.sign_in("alice", "demo");
    assert_ne!(second_step(&mut again, &asked, &code).status, 303);
}

#[test]
fn devices_need_app_passwords_while_it_is_on() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    // Remembered credentials are worth nothing either.
    assert!(opens_dav(&server.address, "demo") && opens_eas(&server.address, "demo"));
    let (phone, _) = turn_on(&browser);
    assert!(!opens_dav(&server.address, "demo"));
    assert!(!opens_eas(&server.address, "demo"));
    let made = submit(
        &browser,
        "/settings/passwords",
        "/settings/passwords",
        &[("name", "x"), ("protocol", "eas"), ("protocol", "carddav")],
    );
    let text = made.text();
    let (_, rest) = text.split_once("<code id=\"secret\">").expect("a secret");
    let password = rest.split('<').next().expect("a secret");
    assert!(opens_dav(&server.address, password) && opens_eas(&server.address, password));

    let remove = |password: &str, code: &str| {
        let fields = [("password", password), ("code", code)];
        submit(&browser, PAGE, "/settings/second-factor/remove", &fields).status
    };
    let code = phone.code(0);
    assert_eq!(remove("wrong", &code), 403);
    assert_eq!(remove("demo", "000000"), 403);
    assert_eq!(remove("demo", &code), 303);
    assert!(opens_dav(&server.address, "demo"));
    assert_eq!(
        Browser::open(&server.address)
            .sign_in("alice", "demo")
            .status,
        303
    );
    server.check();
}

#[test]
fn recovery_codes_serve_once_and_can_be_renewed() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let (phone, codes) = turn_on(&browser);
    let mut again = Browser::open(&server.address);
    let asked = again.sign_in("alice", "demo");
    let typed = codes[3].to_uppercase().replace('-', " ");
    assert_eq!(second_step(&mut again, &asked, &typed).status, 303);
    assert_eq!(second_step(&mut again, &asked, &codes[3]).status, 401);
    assert!(browser.page(PAGE).contains("Recovery codes left: 9."));
    let code = phone.code(0);
    let fields = [("password", "demo"), ("code", code.as_str())];
    let renewed = submit(&browser, PAGE, "/settings/second-factor/codes", &fields);
    assert_eq!(renewed.text().matches("<li><code>").count(), 10);
    assert_eq!(second_step(&mut again, &asked, &codes[4]).status, 401);
    // The database holds none of them.
    let held = std::fs::read(server.data.path().join("carnet.db")).expect("the file");
    let holds = |text: &str| held.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(
        !codes
            .iter()
            .any(|code| holds(code) || holds(&code.replace('-', "")))
    );
}

#[test]
fn guessing_codes_is_slowed() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    turn_on(&browser);
    let mut again = Browser::open(&server.address);
    let mut asked = again.sign_in("alice", "demo");
    let mut told = second_step(&mut again, &asked, "000000");
    assert_eq!(told.status, 401);
    for guess in 1..12 {
        // Each answer to the password is good for five codes.
        if guess % 4 == 0 {
            asked = again.sign_in("alice", "demo");
        }
        told = second_step(&mut again, &asked, &format!("{guess:06}"));
        if told.status == 429 {
            break;
        }
    }
    assert_eq!(told.status, 429);
    assert!(told.header("retry-after").is_some(), "{told:?}");
    assert!(told.text().contains("Too many attempts"), "{told:?}");
}

#[test]
fn switching_it_on_ends_a_held_request_at_once() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let mut device = Device::new(&server.address, "alice", "demo", "HELD", "16.1");
    device.choose("9");
    device.sync_all(&[], 100);
    let held = std::thread::scope(|scope| {
        let ping = scope.spawn(|| {
            let answer = device.post_raw("Ping", device.ping_body(60));
            (answer.status, std::time::Instant::now())
        });
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert!(!ping.is_finished(), "it waits");
        turn_on(&browser);
        let switched = std::time::Instant::now();
        let (status, answered) = ping.join().expect("answered");
        assert_eq!(status, 401, "the password alone is not enough any more");
        answered.saturating_duration_since(switched)
    });
    assert!(held < std::time::Duration::from_secs(5), "{held:?}");
    assert_eq!(device.post_raw("FolderSync", Vec::new()).status, 401);
    server.check();
}

#[test]
fn an_operator_takes_it_off_who_lost_the_phone() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    turn_on(&browser);
    let data = server.data.path();
    let listed = works(data, &["user", "list", "--json"]);
    assert!(listed.contains("\"second_factor\": true"), "{listed}");
    works(data, &["user", "reset-second-factor", "alice"]);
    assert_eq!(
        Browser::open(&server.address)
            .sign_in("alice", "demo")
            .status,
        303
    );
    assert!(opens_dav(&server.address, "demo"));
    let said = refused(data, &["user", "reset-second-factor", "alice"]);
    assert!(said.contains("no second factor"), "{said}");
}
