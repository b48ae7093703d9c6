//! The sentences of import, export, printing and duplicates, in both languages side by side.

sentences! {
    Transfer;

    import: "Import", "Importer";
    import_into: "Import into {}", "Importer dans {}";
    import_where: "Into", "Dans";
    steps: "Steps", "Étapes";
    step_file: "1. File", "1. Fichier";
    step_check: "2. Check", "2. Vérification";
    step_result: "3. Result", "3. Résultat";
    formats: "From Outlook, Google, Thunderbird, vCard, LDIF or any CSV; several vCards at once, or a .zip of such files. At most {} MB and {} contacts.", "Depuis Outlook, Google, Thunderbird, vCard, LDIF ou tout CSV ; plusieurs vCards à la fois, ou un .zip de tels fichiers. Au plus {} Mo et {} contacts.";
    room: "{} of {} private contacts used: {} more can be imported.", "Contacts privés utilisés : {} sur {}. Encore importables : {}.";
    no_limit: "{} contacts here, without a limit.", "{} contacts ici, sans limite.";
    no_limit_one: "{} contact here, without a limit.", "{} contact ici, sans limite.";
    file: "File", "Fichier";
    paste: "Or paste the contacts here", "Ou collez les contacts ici";
    pasted: "Pasted contacts", "Contacts collés";
    go_on: "Continue", "Continuer";
    nothing_chosen: "Choose a file, or paste some contacts.", "Choisissez un fichier, ou collez des contacts.";
    only_cards_together: "Several files at once have to be vCards, all of them.", "Plusieurs fichiers à la fois doivent être tous des vCards.";
    file_too_large: "The file is larger than {} MB. Nothing was stored.", "Le fichier dépasse {} Mo. Rien n'a été enregistré.";
    file_gone: "The file is not here any more: choose it again.", "Le fichier n'est plus là : choisissez-le de nouveau.";
    past_imports: "Imports of the last 30 days", "Imports des 30 derniers jours";
    refused_empty: "The file is empty.", "Le fichier est vide.";
    refused_spreadsheet: "This is a spreadsheet: save it as CSV (UTF-8) and import that.", "C'est un classeur : enregistrez-le en CSV (UTF-8) et importez celui-là.";
    refused_document: "This is a document, not an address book: export the contacts as vCard or CSV.", "C'est un document, pas un carnet d'adresses : exportez les contacts en vCard ou CSV.";
    refused_unknown: "No contacts can be recognized in this file (vCard, CSV, LDIF).", "Aucun contact n'est reconnu dans ce fichier (vCard, CSV, LDIF).";
    refused_compressed: "The file is compressed: unpack it first (only .zip is unpacked here).", "Le fichier est compressé : décompressez-le d'abord (seul le .zip l'est ici).";
    refused_binary: "This is not a text: export the contacts as vCard or CSV from the program it belongs to.", "Ce n'est pas un texte : exportez les contacts en vCard ou CSV depuis le programme dont il vient.";
    refused_markup: "This is JSON or XML (jCard, xCard, JSContact): export the contacts as vCard.", "C'est du JSON ou du XML (jCard, xCard, JSContact) : exportez les contacts en vCard.";
    refused_no_card: "The file holds no vCard.", "Le fichier ne contient aucune vCard.";
    refused_archive: "The archive is damaged, or protected by a password. Nothing was stored.", "L'archive est abîmée, ou protégée par un mot de passe. Rien n'a été enregistré.";
    refused_table: "The table is damaged: a row of it cannot be read. Nothing was stored.", "Le tableau est abîmé : une de ses lignes ne peut être lue. Rien n'a été enregistré.";
    bound_columns: "The file has more than 512 columns. Nothing was stored.", "Le fichier a plus de 512 colonnes. Rien n'a été enregistré.";
    bound_cell: "The file has a cell of more than 1 MB. Nothing was stored.", "Le fichier a une cellule de plus de 1 Mo. Rien n'a été enregistré.";
    bound_rows: "The file has more than 200,000 rows. Nothing was stored.", "Le fichier a plus de 200 000 lignes. Rien n'a été enregistré.";
    bound_members: "The archive has more than 1,000 members. Nothing was stored.", "L'archive a plus de 1 000 membres. Rien n'a été enregistré.";
    bound_inflated: "The archive inflates to too much. Nothing was stored.", "L'archive se décompresse en trop de données. Rien n'a été enregistré.";
    bound_contacts: "The file has more than {} contacts: the administrator can import it on the command line. Nothing was stored.", "Le fichier a plus de {} contacts : l'administrateur peut l'importer en ligne de commande. Rien n'a été enregistré.";
    quoted: "“{}”", "« {} »";
    recognized: "Recognized: {}", "Reconnu : {}";
    recognition: "Recognition", "Reconnaissance";
    format: "Format", "Format de fichier";
    encoding: "Encoding", "Encodage";
    delimiter: "Delimiter", "Séparateur";
    date_order: "Dates", "Ordre des dates";
    day_first: "day/month/year", "jour/mois/année";
    month_first: "month/day/year", "mois/jour/année";
    recognize: "As recognized", "Comme reconnu";
    first_line: "First line", "Première ligne";
    first_line_header: "names of the columns", "noms des colonnes";
    first_line_contact: "a contact already", "déjà un contact";
    tab: "tab", "tabulation";
    sample: "A line of it:", "Une de ses lignes :";
    encoding_doubtful: "Do the letters look right? If not, choose another encoding: MacRoman is worth trying.", "Les lettres sont-elles justes ? Sinon, choisissez un autre encodage : MacRoman mérite un essai.";
    collected: "Also addresses that Google collected by itself", "Aussi les adresses que Google a recueillies de lui-même";
    show_again: "Show again", "Afficher de nouveau";
    counts: "Found: {}. New: {}. Certainly here already: {}. Possible duplicates: {}. Lists: {}. Skipped: {}. Warnings: {}.", "Trouvés : {}. Nouveaux : {}. Certainement déjà là : {}. Doublons possibles : {}. Listes : {}. Ignorés : {}. Avertissements : {}.";
    found_room: "{} contacts found – you can still import {} of {} here.", "{} contacts trouvés – vous pouvez encore en importer {} sur {} ici.";
    found_room_one: "{} contact found – you can still import {} of {} here.", "{} contact trouvé – vous pouvez encore en importer {} sur {} ici.";
    columns: "Columns", "Colonnes";
    columns_text: "Where each column goes; this is remembered for the next file of the same shape.", "Où va chaque colonne ; c'est retenu pour le prochain fichier de même forme.";
    ignore: "ignore", "ignorer";
    keep_custom: "keep as a custom field", "garder comme champ personnalisé";
    full_name: "Full name", "Nom complet";
    preview: "The first contacts as they will look", "Les premiers contacts tels qu'ils seront";
    duplicates: "Duplicates", "Doublons";
    if_certain: "Contacts that are certainly here already", "Contacts qui sont certainement déjà là";
    if_possible: "Contacts that are possibly here already", "Contacts qui sont peut-être déjà là";
    add_missing: "add what is missing", "ajouter ce qui manque";
    replace: "replace", "remplacer";
    create_anyway: "create anyway", "créer quand même";
    skip: "skip", "ignorer celui-ci";
    as_above: "as chosen above", "comme choisi ci-dessus";
    review: "Decide one by one", "Décider un par un";
    in_file: "In the file", "Dans le fichier";
    here_already: "Here already", "Déjà là";
    earlier_in_file: "earlier in the same file", "plus haut dans le même fichier";
    keep_categories_private: "Categories become my tags", "Les catégories deviennent mes étiquettes";
    keep_categories_group: "Keep the categories of the contacts", "Garder les catégories des contacts";
    imported_tag: "Imported {}", "Importé le {}";
    put_imported_tag: "Put the tag “{}” on everything", "Mettre l'étiquette « {} » sur tout";
    which_records: "Only these records (such as 1-200, 250)", "Seulement ces fiches (par exemple 1-200, 250)";
    records_unclear: "Which records? Write their numbers, such as 1-200, 250, or nothing for all of them. Nothing was imported.", "Quelles fiches ? Écrivez leurs numéros, par exemple 1-200, 250, ou rien pour toutes. Rien n'a été importé.";
    import_contacts: "Import {} contacts", "Importer {} contacts";
    import_contacts_one: "Import {} contact", "Importer {} contact";
    import_first: "Import the first {}", "Importer les {} premiers";
    import_first_one: "Import the first contact", "Importer le premier contact";
    import_no_new: "Import without new contacts", "Importer sans nouveau contact";
    import_running: "Importing: {} of {}", "Import en cours : {} sur {}";
    import_waits: "The time for one import is up; it can go on.", "Le temps prévu pour un import est écoulé ; il peut continuer.";
    import_resume: "Go on with the import", "Poursuivre l'import";
    import_end: "Stop here", "Arrêter ici";
    import_end_text: "What was imported stays and can be undone; the rest of the file is discarded.", "Ce qui a été importé reste et peut être annulé ; le reste du fichier est jeté.";
    import_failed: "The import ended before its end: {}", "L'import s'est arrêté avant la fin : {}";
    failed_gone: "the file, or the place it goes to, is not there any more.", "le fichier, ou le lieu où il va, n'est plus là.";
    failed_not_allowed: "you may not add contacts there any more.", "vous n'avez plus le droit d'y ajouter des contacts.";
    failed_no_space: "the server has no room left on its disk.", "le serveur n'a plus de place sur son disque.";
    failed_unreadable: "the file can no longer be read.", "le fichier ne peut plus être lu.";
    failed_unavailable: "the server could not go on; its log says why.", "le serveur n'a pas pu continuer ; son journal dit pourquoi.";
    import_stopped: "Stopped at {} of {}: the rest of the file was not imported.", "Arrêté à {} sur {} : le reste du fichier n'a pas été importé.";
    import_undone: "This import was undone.", "Cet import a été annulé.";
    import_closing: "You may close this page: the import goes on.", "Vous pouvez fermer cette page : l'import continue.";
    report: "Created: {}. Updated: {}. Here already, nothing to add: {}. Lists: {}. Skipped: {}.", "Créés : {}. Mis à jour : {}. Déjà là, rien à ajouter : {}. Listes : {}. Ignorés : {}.";
    see_contacts: "See the contacts", "Voir les contacts";
    undo_import: "Undo this import", "Annuler cet import";
    undo_import_text: "What it created is removed and what it updated is restored, as far as nobody changed, shared or commented on it since. Possible for 30 days.", "Ce qu'il a créé est retiré et ce qu'il a modifié est rétabli, si personne ne l'a modifié, partagé ou commenté depuis. Possible pendant 30 jours.";
    import_taken_back: "Removed: {}. Restored: {}. Left because they were changed, shared or commented on since: {}.", "Retirés : {}. Rétablis : {}. Laissés parce qu'ils ont été modifiés, partagés ou commentés depuis : {}.";
    skipped: "Skipped", "Ignorés";
    warnings: "Warnings", "Avertissements";
    line: "Line", "Ligne";
    records_none: "No record of the file is among “{}”: they are numbered from 1 to {}. Nothing was imported.", "Aucune fiche du fichier n'est parmi « {} » : elles sont numérotées de 1 à {}. Rien n'a été importé.";
    record: "Record", "Fiche";
    reason: "Reason", "Motif";
    value: "Value", "Valeur";
    fetch_refused: "Fetch the skipped lines as CSV", "Récupérer les lignes ignorées en CSV";
    more_of_them: "… and {} more", "… et {} de plus";
    reason_empty: "nothing in it", "rien dedans";
    reason_not_a_person: "not a person", "pas une personne";
    reason_changetype: "an LDIF change, no contact", "une modification LDIF, pas un contact";
    reason_broken: "broken", "abîmé";
    photos_up_to: "Contacts with a photo larger than {} are left out.", "Les fiches dont la photo dépasse {} sont laissées de côté.";
    reason_too_large: "too large", "trop grand";
    reason_collected: "collected by Google", "recueilli par Google";
    reason_no_vcard: "not a vCard", "pas une vCard";
    reason_duplicate: "here already", "déjà là";
    reason_gone: "removed meanwhile", "retiré entre-temps";
    reason_over_quota: "no room left", "plus de place";
    reason_not_allowed: "you may not modify it", "vous n'avez pas le droit de le modifier";
    warn_email_not_smtp: "no e-mail address but a directory path", "un chemin d'annuaire au lieu d'une adresse e-mail";
    warn_email_invalid: "not an e-mail address: put into the note", "pas une adresse e-mail : mise dans la note";
    warn_lossy_source: "letters were lost before", "des lettres étaient déjà perdues";
    warn_photo: "a photo by address is not fetched", "une photo par adresse n'est pas téléchargée";
    warn_date_invalid: "not a date: put into the note", "pas une date : mise dans la note";
    warn_date_order: "not of the order of the other dates: day and month exchanged", "pas dans l'ordre des autres dates : jour et mois échangés";
    warn_picture: "a picture that cannot be read is left out", "une image qui ne peut être lue est laissée de côté";
    warn_picture_too_large: "a picture larger than your account may have is left out", "une image plus grande que ce que permet votre compte est laissée de côté";
    warn_member: "a file of the archive that could not be read", "un fichier de l'archive qui n'a pas pu être lu";
    warn_year_only: "a year alone: a custom field", "une année seule : champ personnalisé";
    warn_several_values: "several values in one cell", "plusieurs valeurs dans une cellule";
    warn_field_twice: "a second column for one field: a custom field", "une deuxième colonne pour un champ : champ personnalisé";
    warn_column_unknown: "a column without a known field: a custom field", "une colonne sans champ connu : champ personnalisé";
    warn_number_damaged: "a number damaged by a spreadsheet: export it as text", "un numéro abîmé par un tableur : exportez-le comme texte";
    warn_more_cells: "more cells than columns", "plus de cellules que de colonnes";
    warn_encoding: "the encoding was guessed", "l'encodage a été deviné";
    warn_attribute: "an attribute that is not read", "un attribut qui n'est pas lu";
    warn_value_damaged: "a value that cannot be decoded is left out", "une valeur qui ne peut être décodée est laissée de côté";
    warn_line: "a line without a property is left out", "une ligne sans propriété n'est pas reprise";
    warn_agent: "a card inside the card is kept as text", "une fiche dans la fiche est gardée comme texte";
    warn_uid_shared: "another contact of the file has the same UID: stored beside it", "un autre contact du fichier a le même UID : enregistré à côté";
    warn_url: "an address that is not followed", "une adresse qui n'est pas suivie";
    warn_member_unknown: "a member of a list that nobody is", "un membre de liste qui n'est personne";
    warn_member_address: "a member of a list by address", "un membre de liste par adresse";
    warn_duplicate: "like record {}", "comme la fiche {}";
    export: "Export", "Exporter";
    export_of: "Export of {}", "Export de {}";
    export_contacts: "Export {} contacts", "Exporter {} contacts";
    export_contacts_one: "Export {} contact", "Exporter {} contact";
    nothing_to_export: "There is nothing to export.", "Il n'y a rien à exporter.";
    what_is_lost: "What each format cannot say", "Ce que chaque format ne peut dire";
    nothing_lost: "everything comes back", "tout revient";
    formulas: "For spreadsheets, a cell that could run as a formula gets an apostrophe in front; importing takes it away. The presets for Google, Outlook and Thunderbird change nothing: do not open their files in a spreadsheet.", "Pour les tableurs, une cellule qui pourrait agir comme formule reçoit une apostrophe devant ; l'import l'enlève. Les modèles pour Google, Outlook et Thunderbird ne changent rien : n'ouvrez pas leurs fichiers dans un tableur.";
    options: "Options", "Choix";
    with_photos: "With photos (vCard, PDF cards)", "Avec les photos (vCard, fiches PDF)";
    with_tags: "With my tags, as categories", "Avec mes étiquettes, comme catégories";
    with_comments: "With the comments of this place (vCard)", "Avec les commentaires de ce lieu (vCard)";
    apart: "One file a contact, in a .zip (vCard)", "Un fichier par contact, dans un .zip (vCard)";
    windows: "In Windows-1252, for old versions of Outlook", "En Windows-1252, pour les anciennes versions d'Outlook";
    paper: "Paper (PDF)", "Papier (PDF)";
    format_vcard_3: "vCard 3.0: phones, Apple, most programs", "vCard 3.0 : téléphones, Apple, la plupart des programmes";
    format_vcard_4: "vCard 4.0: newer programs", "vCard 4.0 : programmes récents";
    format_vcard_21: "vCard 2.1: old phones and cars", "vCard 2.1 : vieux téléphones et voitures";
    format_spreadsheet: "CSV for spreadsheets", "CSV pour tableurs";
    format_google: "CSV for Google", "CSV pour Google";
    format_outlook: "CSV for Outlook", "CSV pour Outlook";
    format_thunderbird: "CSV for Thunderbird", "CSV pour Thunderbird";
    format_pdf_list: "PDF, a line for each contact", "PDF, une ligne par contact";
    format_pdf_cards: "PDF, cards", "PDF, fiches";
    loss_photos: "photos", "les photos";
    loss_lists: "lists of contacts", "les listes de contacts";
    loss_unknown: "properties that Carnet keeps without knowing them", "les propriétés que Carnet garde sans les connaître";
    loss_labels: "labels of one's own", "les libellés personnels";
    loss_emails_3: "e-mail addresses after the third", "les adresses e-mail après la troisième";
    loss_emails_2: "e-mail addresses after the second", "les adresses e-mail après la deuxième";
    loss_numbers_columns: "the kind of numbers for which the program has no column left, and numbers when all are full", "le type des numéros pour lesquels le programme n'a plus de colonne, et les numéros quand toutes sont pleines";
    loss_numbers_one: "addresses beyond one of each kind, web addresses after the second, the kind of numbers without a column of it, and numbers when all columns are full", "les adresses postales au-delà d'une par type, les adresses web après la deuxième, le type des numéros sans colonne à eux et les numéros quand toutes sont pleines";
    loss_kinds: "kinds of numbers other than mobile, work, home and fax", "les types de numéros autres que mobile, travail, domicile et fax";
    loss_display_names: "displayed names that are not made of the other fields", "les noms affichés que les autres champs ne donnent pas";
    loss_names_full: "middle names, prefixes and suffixes", "les deuxièmes prénoms, civilités et suffixes";
    loss_nicknames: "nicknames", "les surnoms";
    loss_phonetic: "phonetic names", "les noms phonétiques";
    loss_phonetic_org: "phonetic names of organizations", "les noms phonétiques des organisations";
    loss_messaging: "messaging addresses", "les adresses de messagerie";
    loss_urls: "web addresses after the first", "les adresses web après la première";
    loss_addresses: "addresses after the first, and whether that is at home or at work", "les adresses postales après la première, et si celle-ci est celle du domicile ou du travail";
    loss_further_addresses: "that a second address of a kind is at home or at work, and addresses beyond that", "si une deuxième adresse postale d'un type est celle du domicile ou du travail, et les adresses au-delà";
    loss_post_boxes: "post-office boxes", "les boîtes postales";
    loss_kinds_emails: "whether e-mail addresses are at home or at work", "si les adresses e-mail sont du domicile ou du travail";
    loss_kinds_urls: "whether web addresses are at home or at work", "si les adresses web sont du domicile ou du travail";
    loss_profiles: "profiles in social networks", "les profils de réseaux sociaux";
    loss_relations: "related people other than spouse, children, assistant and manager", "les proches autres que conjoint, enfants, assistant et responsable";
    loss_related: "related people and anniversaries", "les proches et les anniversaires de mariage";
    loss_dates: "other dates", "les autres dates";
    loss_categories: "categories", "les catégories";
    loss_custom: "custom fields and favourites", "les champs personnalisés et les favoris";
    loss_private: "the mark of private contacts", "la marque des contacts privés";
    loss_office: "office and profession", "le bureau et la profession";
    loss_particulars: "initials, gender, language, hobby and free/busy address", "les initiales, le sexe, la langue, le passe-temps et l'adresse de disponibilité";
    missing: "No font of the server has these characters: {}. They will be printed as boxes; whoever runs the server can name more fonts (pdf_fonts).", "Aucune police du serveur n'a ces caractères : {}. Ils seront imprimés comme des cases ; l'administrateur du serveur peut indiquer d'autres polices (pdf_fonts).";
    export_all_the_same: "Export all the same", "Exporter quand même";
    loss_scripts: "characters no font of the server has: they are printed as boxes", "les caractères qu'aucune police du serveur n'a : ils sont imprimés comme des cases";
    loss_pdf: "everything that is not printed: a PDF cannot be imported", "tout ce qui n'est pas imprimé : un PDF ne s'importe pas";
    map: "Map", "Plan";
    map_title: "Map provider", "Service de cartes";
    map_text: "Where the map of a postal address opens, in a window of its own. Nothing is sent there before you click.", "Où s'ouvre le plan d'une adresse postale, dans sa propre fenêtre. Rien n'y est envoyé avant votre clic.";
    no_map: "No maps", "Pas de plans";
    own_map: "Another one", "Un autre";
    map_wrong: "Write an address that begins with https:// and has {} where the place goes.", "Écrivez une adresse qui commence par https:// et contient {} à l'endroit du lieu.";
    map_pattern: "Its address, beginning with https:// and with {} where the place goes", "Son adresse, commençant par https:// et avec {} à l'endroit du lieu";
    print: "Print", "Imprimer";
    printed: "{} · {} · {} contacts", "{} · {} · {} contacts en tout";
    printed_one: "{} · {} · {} contact", "{} · {} · {} contact en tout";
    layout_list: "As a list", "En liste";
    layout_cards: "As cards", "En fiches";
    duplicates_in: "Duplicates in {}", "Doublons dans {}";
    duplicates_count: "Pairs that may be the same: {}", "Paires qui sont peut-être les mêmes : {}";
    no_duplicates: "No duplicates.", "Aucun doublon.";
    likely: "Very likely the same: {}.", "Très probablement les mêmes : {}.";
    perhaps: "Perhaps the same: {}.", "Peut-être les mêmes : {}.";
    same_uid: "the same identity", "la même identité";
    same_name: "the same name", "le même nom";
    same_email: "an e-mail address in common", "une adresse e-mail commune";
    same_mobile: "a mobile number in common", "un numéro de portable commun";
    same_number: "a number in common", "un numéro commun";
    merge: "Merge", "Fusionner";
    merge_stays: "“{}” is also in: {}. It stays there, as a contact of its own: share the merged contact there if it should take its place.", "« {} » est aussi dans : {}. Il y reste, comme contact à part : partagez-y le contact fusionné s'il doit le remplacer.";
    merge_text: "What is chosen becomes one contact; the second one goes to the trash. Tags and categories of both are kept.", "Ce qui est choisi devient un seul contact ; le second va à la corbeille. Les étiquettes et catégories des deux sont gardées.";
    both_notes: "both, one under the other", "les deux, l'une sous l'autre";
    keep_other: "Keep the other one instead", "Garder plutôt l'autre";
    not_the_same: "Not the same", "Pas les mêmes";
    check_two: "Check exactly two contacts to merge them.", "Cochez exactement deux contacts pour les fusionner.";
    merged: "Merged into {}.", "Fusionné dans {}.";
    unmerged: "The merge was undone.", "La fusion est annulée.";
    told_apart: "They will not be suggested again.", "Ils ne seront plus proposés.";
    print_hint: "Print this page with your browser.", "Imprimez cette page avec votre navigateur.";
    import_over: "This import can no longer be undone.", "Cet import ne peut plus être annulé.";
}

impl Transfer {
    /// Why a record was skipped; what is no known reason as it is.
    pub fn skipped_because<'a>(&self, reason: &'a str) -> &'a str
    where
        Self: 'a,
    {
        match reason {
            "empty" => self.reason_empty,
            "not-a-person" => self.reason_not_a_person,
            "changetype-refused" => self.reason_changetype,
            "broken" => self.reason_broken,
            "too-large" => self.reason_too_large,
            "collected" => self.reason_collected,
            "no-vcard" => self.reason_no_vcard,
            "duplicate" => self.reason_duplicate,
            "gone" => self.reason_gone,
            "over-quota" => self.reason_over_quota,
            "not-allowed" => self.reason_not_allowed,
            other => other,
        }
    }

    /// What a warning says.
    pub fn warning<'a>(&self, code: &'a str) -> &'a str
    where
        Self: 'a,
    {
        match code {
            "email-not-smtp" => self.warn_email_not_smtp,
            "email-invalid" => self.warn_email_invalid,
            "lossy-source" => self.warn_lossy_source,
            "photo-by-address" => self.warn_photo,
            "date-invalid" => self.warn_date_invalid,
            "date-order" => self.warn_date_order,
            "member-unread" => self.warn_member,
            "picture-unread" => self.warn_picture,
            "picture-too-large" => self.warn_picture_too_large,
            "date-year-only" => self.warn_year_only,
            "several-values-in-one-cell" => self.warn_several_values,
            "field-twice" => self.warn_field_twice,
            "column-unknown" => self.warn_column_unknown,
            "number-damaged" => self.warn_number_damaged,
            "more-cells-than-columns" => self.warn_more_cells,
            "encoding-guessed" => self.warn_encoding,
            "attribute-ignored" => self.warn_attribute,
            "value-damaged" => self.warn_value_damaged,
            "agent-as-text" => self.warn_agent,
            "line-unread" => self.warn_line,
            "uid-shared" => self.warn_uid_shared,
            "url-value-refused" => self.warn_url,
            "group-member-unknown" => self.warn_member_unknown,
            "group-member-by-address" => self.warn_member_address,
            "possible-duplicate" => self.warn_duplicate,
            other => other,
        }
    }
}
