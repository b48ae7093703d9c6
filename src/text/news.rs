//! The sentences of news, in both languages side by side.

sentences! {
    News;

    title: "News", "Nouveautés";
    waiting: "News: {}", "Nouveautés : {}";
    shared: "{} shared {} with {}.", "{} a partagé {} avec {}.";
    shared_many: "{} shared {} items with {}.", "{} a partagé {} éléments avec {}.";
    granted: "{} lets you modify {} in {}.", "{} vous permet de modifier {} dans {}.";
    granted_many: "{} lets you modify {} items in {}.", "{} vous permet de modifier {} éléments dans {}.";
    added: "{} made you a member of {}.", "{} vous a ajouté au groupe {}.";
    added_by_administration: "You are a member of {} now.", "Vous êtes maintenant dans {}.";
    joined: "{} is a member of {} now.", "{} est maintenant dans {}.";
    accepted: "{} accepted your change of {}.", "{} a accepté votre modification du contact {}.";
    declined: "{} declined your change of {}.", "{} a décliné votre modification du contact {}.";
    open: "Open", "Ouvrir";
    read: "Read", "Lu";
    all_read: "All read", "Tout est lu";
}
