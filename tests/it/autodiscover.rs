//! Autodiscover, in XML and JSON.

use carnet::config::Config;

use crate::support::{
    http::{Answer, basic, request},
    server::Server,
};

const XML: &str = "/autodiscover/autodiscover.xml";
const MOBILE: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006";
const DESKTOP: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
const URL: &str = "https://contacts.example.org/Microsoft-Server-ActiveSync";

fn configured(change: impl FnOnce(&mut Config)) -> Server {
    Server::start_with(|config| {
        config.public_url = Some("https://contacts.example.org/".to_owned());
        change(config);
    })
}

fn asking(address: &str, schema: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/\
         autodiscover/mobilesync/requestschema/2006\"><Request><EMailAddress>{address}\
         </EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request>\
         </Autodiscover>"
    )
}

fn ask(server: &Server, path: &str, agent: &str, body: &str) -> Answer {
    let headers = [
        basic("alice", "demo"),
        ("Content-Type".to_owned(), "text/xml".to_owned()),
        ("User-Agent".to_owned(), agent.to_owned()),
    ];
    request(&server.address, "POST", path, &headers, body.as_bytes())
}

fn mobile_answer(address: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Autodiscover xmlns=\"http://schemas.microsoft\
         .com/exchange/autodiscover/responseschema/2006\"><Response xmlns=\"{MOBILE}\"><Culture>en:us\
         </Culture><User><DisplayName>Alice Martin</DisplayName><EMailAddress>{address}\
         </EMailAddress></User><Action><Settings><Server><Type>MobileSync</Type><Url>{URL}</Url>\
         <Name>{URL}</Name></Server></Settings></Action></Response></Autodiscover>"
    )
}

#[test]
fn a_phone_finds_the_server_by_xml() {
    let server = configured(|_| {});
    let body = asking("alice@example.org", MOBILE);
    for path in [
        XML,
        "/Autodiscover/Autodiscover.xml",
        "/AutoDiscover/AutoDiscover.xml",
        "/AUTODISCOVER/AUTODISCOVER.XML",
    ] {
        let answer = ask(&server, path, "Apple-iPhone13C4/2307.71", &body);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.header("Content-Type"),
            Some("text/xml; charset=utf-8")
        );
        assert_eq!(answer.text(), mobile_answer("alice@example.org"));
    }
    // Without credentials, or with bad ones: clients probe so, and some with GET.
    for (method, headers) in [
        ("POST", vec![]),
        ("GET", vec![]),
        ("POST", vec![basic("alice", "wrong")]),
        ("POST", vec![basic("nobody", "demo")]),
    ] {
        let answer = request(&server.address, method, XML, &headers, body.as_bytes());
        assert_eq!(answer.status, 401, "{method}");
        assert!(
            answer
                .header("WWW-Authenticate")
                .is_some_and(|v| v.starts_with("Basic "))
        );
        assert!(answer.body.is_empty());
    }
    // No body, another namespace, no address, a login for an address: the one signed in.
    let odd = "<Autodiscover xmlns=\"urn:other\"><Request><EMailAddress>ALICE@example.org\
               </EMailAddress></Request></Autodiscover>";
    for (body, address) in [
        ("", "alice@example.org"),
        (odd, "ALICE@example.org"),
        (
            "<Autodiscover><Request/></Autodiscover>",
            "alice@example.org",
        ),
        (
            &asking("alice@elsewhere.example", MOBILE),
            "alice@elsewhere.example",
        ),
    ] {
        assert_eq!(
            ask(&server, XML, "", body).text(),
            mobile_answer(address),
            "{body}"
        );
    }
    // 600: no request at all; 601: a schema that is not served.
    let get = request(&server.address, "GET", XML, &[basic("alice", "demo")], b"");
    for (answer, code) in [
        (get, "600"),
        (ask(&server, XML, "", "no xml"), "600"),
        (ask(&server, XML, "", "<html><body/></html>"), "600"),
        (
            ask(&server, XML, "", &asking("alice@example.org", "urn:other")),
            "601",
        ),
        (
            ask(
                &server,
                XML,
                "Outlook/16.0",
                &asking("alice@example.org", DESKTOP),
            ),
            "601",
        ),
    ] {
        assert_eq!(answer.status, 200);
        let text = answer.text();
        assert!(text.contains("<Response><Error Time=\""), "{text}");
        assert!(
            text.contains(&format!("<ErrorCode>{code}</ErrorCode>")),
            "{text}"
        );
    }
    // Another person's address, or nobody's: an error, the same for both.
    let refused = |address: &str| {
        let text = ask(&server, XML, "", &asking(address, MOBILE)).text();
        assert!(text.contains("<Action><Error><Status>1</Status>"), "{text}");
        text.replace(address, "")
    };
    assert_eq!(refused("bob@example.org"), refused("nobody@example.org"));
}

#[test]
fn outlook_gets_a_phones_answer_when_that_is_switched_on() {
    let server = configured(|config| config.autodiscover_outlook = true);
    let body = asking("alice@example.org", DESKTOP);
    for agent in [
        "Microsoft Office/15.0 (Windows NT 6.1; Microsoft Outlook 15.0.4420; Pro)",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.4266; Pro)",
        "Outlook/19.1",
    ] {
        let answer = ask(&server, XML, agent, &body);
        assert_eq!(answer.text(), mobile_answer("alice@example.org"), "{agent}");
    }
    for agent in [
        "Microsoft Office/14.0 (Windows NT 6.1; Microsoft Outlook 14.0.4760; Pro)",
        "Microsoft Office/12.0 (Windows NT 6.1; Microsoft Office Outlook 12.0.15.0; Pro)",
        "MacOutlook/16.0 (Macintosh; Mac OS X 12.0)",
    ] {
        let text = ask(&server, XML, agent, &body).text();
        assert!(
            text.contains("<ErrorCode>601</ErrorCode>"),
            "{agent} {text}"
        );
    }
    // eM Client and others that read CardDAV out of a desktop answer.
    let text = ask(&server, XML, "eMClient/10.1", &body).text();
    assert!(
        text.contains(&format!("<Response xmlns=\"{DESKTOP}\">")),
        "{text}"
    );
    assert!(
        text.contains(
            "<Protocol><Type>CardDAV</Type><Server>https://contacts.example.org/dav/</Server>\
             <DomainRequired>off</DomainRequired><LoginName>alice</LoginName></Protocol>"
        ),
        "{text}"
    );
}

#[test]
fn people_of_other_domains_are_sent_there() {
    let server = configured(|config| {
        let targets = [
            ("branch.example.org", "https://branch.example.net"),
            ("Old.example.org", "@example.com"),
            ("older.example.org", "@branch.example.org"),
        ];
        for (domain, target) in targets {
            config
                .autodiscover_redirects
                .insert(domain.to_owned(), target.to_owned());
        }
    });
    // Before the password: theirs is not known here.
    let body = asking("zoe@Branch.example.org", MOBILE);
    let answer = request(&server.address, "POST", XML, &[], body.as_bytes());
    assert_eq!(answer.status, 302);
    assert_eq!(
        answer.header("Location"),
        Some("https://branch.example.net/autodiscover/autodiscover.xml")
    );
    let text = ask(&server, XML, "", &asking("zoe@old.example.org", MOBILE)).text();
    assert!(
        text.contains("<Action><Redirect>zoe@example.com</Redirect></Action>"),
        "{text}"
    );
    let target = "/autodiscover/autodiscover.json?Email=zoe@branch.example.org&Protocol=ActiveSync";
    let answer = request(&server.address, "GET", target, &[], b"");
    assert_eq!(answer.status, 302);
    assert_eq!(
        answer.header("Location"),
        Some(&*format!("https://branch.example.net{target}"))
    );
    // An address in the path goes along.
    let location = |target: &str| {
        let answer = request(&server.address, "GET", target, &[], b"");
        (answer.status, answer.header("Location").map(str::to_owned))
    };
    let path = "/autodiscover/autodiscover.json/v1.0/zoe+1%26@branch.example.org\
                ?Protocol=ActiveSync&RedirectCount=1";
    let elsewhere = "https://branch.example.net/autodiscover/autodiscover.json\
                     ?Email=zoe%2B1%26@branch.example.org&Protocol=ActiveSync";
    assert_eq!(location(path), (302, Some(elsewhere.to_owned())));
    // This form names no other address: the XML form does.
    let target = "/autodiscover/autodiscover.json?Email=zoe@old.example.org&Protocol=ActiveSync";
    assert_eq!(location(target), (404, None));
    let target = "/autodiscover/autodiscover.json?Email=zoe@older.example.org&Protocol=ActiveSync";
    let elsewhere = "https://branch.example.net/autodiscover/autodiscover.json\
                     ?Email=zoe@branch.example.org&Protocol=ActiveSync";
    assert_eq!(location(target), (302, Some(elsewhere.to_owned())));
}

#[test]
fn json_in_both_forms_and_its_errors() {
    let server = configured(|_| {});
    let get = |target: &str| request(&server.address, "GET", target, &[], b"");
    let sync = format!("{{\"Protocol\":\"ActiveSync\",\"Url\":\"{URL}\"}}");
    for target in [
        "/autodiscover/autodiscover.json?Email=alice@example.org&Protocol=ActiveSync",
        "/autodiscover/autodiscover.json?Email=alice%40example.org&Protocol=ActiveSync&RedirectCount=1",
        "/AutoDiscover/AutoDiscover.JSON?protocol=activesync&EMAIL=alice@example.org",
        "/autodiscover/autodiscover.json/v1.0/alice@example.org?Protocol=ActiveSync",
        "/Autodiscover/Autodiscover.json/V1.0/alice%40example.org?PROTOCOL=ActiveSync",
    ] {
        let answer = get(target);
        assert_eq!(
            (answer.status, answer.text()),
            (200, sync.clone()),
            "{target}"
        );
        assert!(
            answer
                .header("Content-Type")
                .is_some_and(|v| v.starts_with("application/json"))
        );
    }
    let answer = get("/autodiscover/autodiscover.json?Email=a@b.example&Protocol=AutodiscoverV1");
    assert_eq!(
        answer.text(),
        "{\"Protocol\":\"AutodiscoverV1\",\"Url\":\"https://contacts.example.org/autodiscover/autodiscover.xml\"}"
    );
    for (target, code) in [
        ("?Email=alice@example.org", "MandatoryParameterMissing"),
        ("?Protocol=ActiveSync", "MandatoryParameterMissing"),
        (
            "?Email=alice&Protocol=ActiveSync",
            "MandatoryParameterMissing",
        ),
        ("/v1.0?Protocol=ActiveSync", "MandatoryParameterMissing"),
        ("/v1.0/alice@example.org", "MandatoryParameterMissing"),
        ("?Email=alice@example.org&Protocol=EWS", "InvalidProtocol"),
        ("?Email=alice@example.org&Protocol=%00", "InvalidProtocol"),
    ] {
        let answer = get(&format!("/autodiscover/autodiscover.json{target}"));
        assert_eq!(answer.status, 400, "{target}");
        let text = answer.text();
        assert!(
            text.starts_with(&format!("{{\"ErrorCode\":\"{code}\"")),
            "{target} {text}"
        );
        assert!(text.contains("\"ErrorMessage\":"), "{text}");
    }
    assert_eq!(
        get("/autodiscover/autodiscover.json/v9.9/a@b.example?Protocol=ActiveSync").status,
        404
    );
    // Without the address of the server nothing is made up of the Host header.
    let server = Server::start();
    let target = "/autodiscover/autodiscover.json?Email=a@b.example&Protocol=ActiveSync";
    assert_eq!(
        request(&server.address, "GET", target, &[], b"").status,
        404
    );
    let text = ask(&server, XML, "", &asking("alice@example.org", MOBILE)).text();
    assert!(
        text.contains("<Error><Status>2</Status>") && !text.contains(&server.address),
        "{text}"
    );
}

#[test]
fn nobody_learns_who_has_an_account() {
    let server = configured(|_| {});
    let shapes = [
        "/autodiscover/autodiscover.json?Email={}&Protocol=ActiveSync",
        "/autodiscover/autodiscover.json/v1.0/{}?Protocol=ActiveSync",
        "/autodiscover/autodiscover.json?Email={}&Protocol=EWS",
    ];
    for shape in shapes {
        let get = |address: &str| {
            let answer = request(
                &server.address,
                "GET",
                &shape.replace("{}", address),
                &[],
                b"",
            );
            (answer.status, answer.body)
        };
        assert_eq!(
            get("alice@example.org"),
            get("nobody@example.org"),
            "{shape}"
        );
    }
    let probe = |login: &str| {
        let body = asking(&format!("{login}@example.org"), MOBILE);
        let headers = [basic(login, "wrong")];
        let answer = request(&server.address, "POST", XML, &headers, body.as_bytes());
        (answer.status, answer.body)
    };
    assert_eq!(probe("alice"), probe("nobody"));
}
