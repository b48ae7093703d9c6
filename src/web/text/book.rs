//! The sentences of lists, cards and forms of contacts, in both languages side by side.

sentences! {
    Book;

    beyond_phones: "A phone over Exchange has no room for these, and does not show them: {}", "Un téléphone par Exchange n'a pas de place pour ceci, et ne le montre pas : {}";
    not_verified_since: "Not verified since", "Non vérifié depuis le";
    messages: "E-mail and messaging", "Courriel et messagerie";
    dates: "Dates", "Dates à retenir";
    more: "More", "Autres";
    parts: "Parts of the form", "Parties du formulaire";
    alike: "This contact may be here already", "Ce contact est peut-être déjà là";
    alike_text: "Nothing is stored yet. Open the other one, or save once more to add this one too.", "Rien n'est encore enregistré. Ouvrez l'autre, ou sauvez encore une fois pour ajouter aussi celui-ci.";
    alike_text_changed: "Nothing is changed yet. Open the other one, or save once more to keep both.", "Rien n'est encore changé. Ouvrez l'autre, ou sauvez encore une fois pour garder les deux.";
    gone_meanwhile: "This contact is not here any more: somebody deleted it or took it away after you opened the form. What you typed is still here: it can be saved as a new contact in {}.", "Ce contact n'est plus là : quelqu'un l'a supprimé ou retiré après l'ouverture du formulaire. Ce que vous avez saisi est encore ici : vous pouvez en faire un nouveau contact dans {}.";
    still_elsewhere: "The contact itself is still in", "Le contact lui-même est encore dans";
    save_anew: "Save as a new contact", "Sauver comme nouveau contact";
    show_photo: "Show the photo", "Montrer la photo";
    photo_chosen: "The photo that will be saved", "La photo qui sera sauvée";
    rows_per_page: "Rows on a page", "Lignes par page";
    sort_order: "Sorted by", "Trier par";
    theme: "Colours", "Couleurs";
    theme_light: "Light", "Claires";
    theme_dark: "Dark", "Sombres";
    theme_system: "As this device is set", "Comme cet appareil";
    date_format: "Dates", "Format des dates";
    default_place: "Where new contacts go, unless a group is shown", "Où vont les nouveaux contacts, hors de la page d'un groupe";
    default_country: "Country of numbers without a country code", "Pays des numéros sans indicatif";
    default_country_server: "As the server is set", "Comme le serveur";
    country_rule: "A country is two letters, such as FR.", "Un pays s'écrit en deux lettres, par exemple FR.";
    tagged: "Tags changed on {} contacts.", "Étiquettes changées sur {} contacts.";
    possible_duplicates: "Possible duplicates of one another", "Doublons possibles les uns des autres";
    one_place: "Choose contacts of one place only: each place is printed and exported by itself.", "Choisissez des contacts d'un seul lieu : chaque lieu s'imprime et s'exporte à part.";
    undone: "Taken back: {}.", "Annulés : {}.";
    undo_over: "This can no longer be taken back here. The trash and the history of a contact keep what was.", "Ceci ne peut plus être annulé ici. La corbeille et l'historique d'un contact gardent ce qui était.";
    page_selected: "{} on this page are selected.", "{} sont sélectionnés sur cette page.";
    select_all_pages: "Select all {}", "Sélectionner les {}";
    too_many_selected: "This list shows {}, and {} at most are changed at once. Nothing was changed: filter the list first.", "Cette liste en montre {}, et {} au plus se modifient à la fois. Rien n'a été modifié : filtrez d'abord la liste.";
    soonest_birthdays: "There are many: those up to {} are shown.", "Il y en a beaucoup : voici ceux jusqu'au {}.";
    stale_fields: "Every field in which the two differ is listed: choose a side for each.", "Chaque champ où les deux diffèrent est listé : choisissez un côté pour chacun.";
    changed_by_you: "You changed this.", "Vous avez modifié ceci.";
    changed_meanwhile: "This was changed on the server.", "Ceci a été modifié sur le serveur.";
    changed_by_both: "You changed this, and it was changed on the server too.", "Vous avez modifié ceci, et le serveur aussi.";
    changed_by_somebody: "You changed this, or it was changed on the server: what it was when you began is not kept any more.", "Vous avez modifié ceci, ou le serveur : ce que c'était quand vous avez commencé n'est plus conservé.";
    seen_by: "{} members see it", "{} membres le voient";
    seen_by_one: "{} member sees it", "{} membre le voit";
    says_nothing: "nothing", "rien";
    age: "{} ({} years)", "{} ({} ans)";
}
