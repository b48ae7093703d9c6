//! The sentences of letters, verification, short messages and faxes, in both languages side by side.

sentences! {
    Mail;

    hello: "Hello {},", "Bonjour {},";
    automatic: "This message was sent by {}, a contacts server.", "Ce message a été envoyé par {}, un serveur de contacts.";
    link_alone: "If the button does not work, copy this address into your browser:", "Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur :";
    test_subject: "A test of outgoing mail", "Essai du courrier sortant";
    test_text: "This server can send mail.", "Ce serveur sait envoyer du courrier.";

    forgotten: "Forgotten?", "Mot de passe oublié ?";
    forgotten_title: "Forgotten password", "Mot de passe oublié";
    forgotten_text: "Give your login or e-mail address. A link to choose a new password is sent to the address of your account.", "Indiquez votre identifiant ou votre adresse e-mail. Un lien pour choisir un nouveau mot de passe est envoyé à l'adresse de votre compte.";
    send_link: "Send the link", "Envoyer le lien";
    forgotten_sent: "If there is such an account and it has an e-mail address, a link is on its way. It works once, for one hour.", "Si ce compte existe et a une adresse e-mail, un lien est en route. Il fonctionne une fois, pendant une heure.";
    too_often: "This was asked too often. Try again later.", "Trop de demandes. Réessayez plus tard.";
    new_password: "New password", "Nouveau mot de passe";
    new_password_again: "New password, again", "Nouveau mot de passe, encore une fois";
    set_password: "Set the password", "Changer le mot de passe";
    password_rule: "A password has 10 to 200 characters.", "Un mot de passe a de 10 à 200 caractères.";
    passwords_differ: "The two passwords differ.", "Les deux mots de passe diffèrent.";
    reset_over: "This link is over", "Ce lien n'est plus valable";
    reset_over_text: "It works once, for one hour. Ask for another one.", "Il fonctionne une fois, pendant une heure. Demandez-en un autre.";
    password_set: "The password is set", "Le mot de passe est changé";
    password_set_text: "Sign in with it. Every session of before has ended.", "Connectez-vous avec lui. Toutes les sessions d'avant sont terminées.";
    address_subject: "Confirm your e-mail address", "Confirmez votre adresse e-mail";
    address_text: "Somebody signed in as {} wants this to be the address of the account.", "Une personne connectée comme {} veut que ceci soit l'adresse du compte.";
    address_button: "Confirm the address", "Confirmer l'adresse";
    address_ignore: "The link holds for two days, where that account is signed in. If it was not you, ignore this message: nothing changes.", "Le lien vaut deux jours, là où ce compte est connecté. Si ce n'était pas vous, ignorez ce message : rien ne change.";
    reset_subject: "Choose a new password", "Choisissez un nouveau mot de passe";
    reset_text: "Somebody, probably you, said that the password of the account {} is forgotten.", "Quelqu'un, sans doute vous, a signalé l'oubli du mot de passe du compte {}.";
    reset_button: "Choose a new password", "Choisir un nouveau mot de passe";
    reset_ignore: "The link works once, for one hour. If it was not you, do nothing: the password stays as it is.", "Le lien fonctionne une fois, pendant une heure. Si ce n'était pas vous, ne faites rien : le mot de passe reste inchangé.";
    changed_subject: "Your password was changed", "Votre mot de passe a été changé";
    changed_text: "The password of the account {} was changed, and every session of before has ended.", "Le mot de passe du compte {} a été changé, et toutes les sessions d'avant sont terminées.";
    changed_not_me: "If it was not you, ask the administrator of the server at once.", "Si ce n'était pas vous, prévenez tout de suite l'administrateur du serveur.";
}
