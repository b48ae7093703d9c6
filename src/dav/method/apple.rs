//! A configuration profile for Apple's programs: the account, and one more for each group, whose
//! book Contacts on macOS would not show otherwise.

use http::{HeaderValue, StatusCode, header};

use crate::{
    connect::{
        Address,
        profile::{Account, MEDIA_TYPE, profile as write},
    },
    dav::{
        Call,
        error::Failure,
        output::{Answer, Content, typed},
        path::{group_href, user_href},
    },
    domain::error::Error,
};

/// GET of the profile; 404 where the server's public URL is not known.
pub fn profile(call: &Call) -> Result<Answer, Failure> {
    let base = call.face.public_url.as_deref();
    let address = base.and_then(Address::parse).ok_or(Error::NotFound)?;
    let login = &call.actor.login;
    let own = Account::CardDav {
        description: "Contacts".to_owned(),
        login: login.clone(),
        principal: user_href(login),
    };
    let groups = call.actor.memberships.iter().map(|group| Account::CardDav {
        description: group.display_name.clone(),
        login: format!("{login}${}", group.name),
        principal: group_href(&group.name),
    });
    let accounts: Vec<Account> = std::iter::once(own).chain(groups).collect();
    let text = write(&address, &accounts, None);
    let mut answer = typed(StatusCode::OK, MEDIA_TYPE, Content::Whole(text.into()));
    answer.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"contacts.mobileconfig\""),
    );
    Ok(answer)
}
