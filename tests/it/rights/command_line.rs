//! `carnet group` and `carnet grant`: what they do, and that they refuse clearly.

use std::{
    path::Path,
    process::{Command, Output},
};

fn carnet(data: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_carnet"))
        .args(words)
        .arg("--data")
        .arg(data)
        .env_remove("CARNET_CONFIG")
        .output()
        .expect("the program")
}

#[track_caller]
fn done(data: &Path, words: &[&str]) -> String {
    let output = carnet(data, words);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Fails with a sentence that has these words in it.
#[track_caller]
fn fails(data: &Path, words: &[&str], why: &str) {
    let output = carnet(data, words);
    assert!(!output.status.success(), "{words:?}");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains(why), "{words:?}: {error}");
}

#[test]
fn groups_and_grants_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    done(data, &["user", "add", "root", "--admin"]);
    for login in ["alice", "bob", "carol"] {
        done(data, &["user", "add", login]);
    }
    done(data, &["group", "add", "Sales", "--admin", "alice"]);
    fails(
        data,
        &["group", "add", "SALES", "--admin", "alice"],
        "exists already",
    );
    fails(
        data,
        &["group", "add", "Other", "--admin", "nobody"],
        "there is no account nobody",
    );
    for name in ["a/b", "..", "50%", "what?", "a\u{7}b", ""] {
        fails(
            data,
            &["group", "add", name, "--admin", "alice"],
            "1 to 64 characters",
        );
    }
    fails(data, &["group", "member", "sales", "bob"], "there is Sales");
    fails(
        data,
        &["group", "member", "None", "bob"],
        "there is no group None",
    );
    fails(
        data,
        &["group", "member", "Sales", "nobody"],
        "there is no account nobody",
    );
    done(data, &["group", "member", "Sales", "bob"]);
    fails(
        data,
        &["group", "member", "Sales", "alice", "--role", "member"],
        "hand it over",
    );
    fails(data, &["group", "leave", "Sales", "alice"], "hand it over");
    fails(
        data,
        &["user", "remove", "alice"],
        "without an administrator",
    );
    fails(data, &["group", "leave", "Sales", "carol"], "not a member");

    let told = done(
        data,
        &[
            "grant", "group", "Sales", "--member", "bob", "--right", "add", "--json",
        ],
    );
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["member"], "bob");
    assert_eq!(told["right"], "add");
    done(
        data,
        &[
            "grant",
            "group",
            "Sales",
            "--everyone",
            "--right",
            "add-delete",
        ],
    );
    fails(
        data,
        &[
            "grant", "group", "Sales", "--member", "carol", "--right", "add",
        ],
        "only members",
    );
    fails(
        data,
        &["grant", "group", "Sales", "--right", "add"],
        "--member",
    );
    fails(
        data,
        &["grant", "group", "Sales", "--everyone", "--right", "modify"],
        "add-delete",
    );

    let card = data.join("k.vcf");
    std::fs::write(&card, super::vcard("k", "+33 1")).expect("written");
    done(
        data,
        &[
            "import",
            "--to",
            "group:Sales",
            card.to_str().expect("a path"),
        ],
    );
    let grant = |to: &[&'static str], right: &'static str| {
        let mut words = vec!["grant", "contact", "k", "--in", "Sales"];
        words.extend(to);
        words.extend(["--right", right]);
        words
    };
    done(data, &grant(&["--member", "bob"], "modify"));
    done(data, &grant(&["--everyone"], "modify"));
    done(data, &grant(&["--everyone"], "none"));
    fails(
        data,
        &grant(&["--member", "carol"], "modify"),
        "only members",
    );
    fails(
        data,
        &[
            "grant",
            "contact",
            "none",
            "--in",
            "Sales",
            "--everyone",
            "--right",
            "modify",
        ],
        "there is no contact none",
    );

    done(
        data,
        &["group", "member", "Sales", "bob", "--role", "admin"],
    );
    let listed = done(data, &["group", "list"]);
    assert_eq!(listed, "Sales\talice (co-admin), bob (admin)\n");
    done(data, &["group", "leave", "Sales", "alice"]);
    done(data, &["group", "remove", "Sales"]);
    fails(
        data,
        &["group", "remove", "Sales"],
        "there is no group Sales",
    );
    done(data, &["check"]);
    // Its last administrator founds it again, with what was in it in the trash.
    done(data, &["group", "add", "Sales", "--admin", "bob"]);
    done(data, &["check"]);
}
