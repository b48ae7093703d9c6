//! The sentences of accounts, passwords, sessions and settings, in both languages side by side.

sentences! {
    Account;

    passwords: "App passwords", "Mots de passe d'application";
    passwords_text: "A password of its own for each device and program: it opens no page, and can be ended without touching the others.", "Un mot de passe propre à chaque appareil et programme : il n'ouvre aucune page, et peut être révoqué sans toucher aux autres.";
    no_passwords: "There is none yet.", "Il n'y en a pas encore.";
    password_made: "The password of {}. It is shown this once: type or paste it into the device now.", "Le mot de passe de {}. Il n'est montré que cette fois : saisissez-le ou collez-le dans l'appareil maintenant.";
    new_password: "Make an app password", "Créer un mot de passe d'application";
    password_name: "What it is for", "À quoi il sert";
    password_name_hint: "iPhone, laptop, backup…", "iPhone, portable, sauvegarde…";
    protocols: "For which protocols", "Pour quels protocoles";
    eas: "Exchange ActiveSync (phones, Outlook)", "Exchange ActiveSync (téléphones, Outlook)";
    carddav: "CardDAV (Apple, DAVx5, Thunderbird…)", "CardDAV (Apple, DAVx5, Thunderbird…)";
    read_only: "Reading only: nothing can be changed with it", "Lecture seule : rien ne peut être modifié avec";
    reads: "reads", "lit";
    reads_and_writes: "reads and writes", "lit et écrit";
    which_places: "Which places", "Quels environnements";
    all_places: "all, also groups joined later", "tous, aussi les groupes rejoints plus tard";
    only_places: "only these:", "seulement ceux-ci :";
    expiry: "Valid", "Validité";
    for_ever: "until it is revoked", "jusqu'à sa révocation";
    for_week: "for a week", "pendant une semaine";
    for_month: "for a month", "pendant un mois";
    for_quarter: "for three months", "pendant trois mois";
    for_year: "for a year", "pendant un an";
    networks: "Only from these networks (optional)", "Seulement depuis ces réseaux (facultatif)";
    networks_hint: "192.0.2.0/24, 2001:db8::/32", "192.0.2.0/24 ; 2001:db8::/32";
    networks_wrong: "A network is written as 192.0.2.0/24 or 2001:db8::/32; several are separated by spaces.", "Un réseau s'écrit 192.0.2.0/24 ou 2001:db8::/32 ; plusieurs sont séparés par des espaces.";
    make: "Make the password", "Créer le mot de passe";
    valid_until: "Valid until", "Valable jusqu'au";
    is_over: "over since {}", "échu depuis le {}";
    made_on: "Made", "Créé";
    last_use: "Last use", "Dernière utilisation";
    never_used: "never", "jamais";
    last_use_from: "{} from {}", "{} depuis {}";
    everywhere: "from everywhere", "de partout";
    revoke: "Revoke", "Révoquer";
    revoked: "The app password was revoked: it opens nothing from now on.", "Le mot de passe d'application est révoqué : il n'ouvre plus rien.";
    password_rule: "An app password needs a name of 1 to 64 characters.", "Un mot de passe d'application demande un nom de 1 à 64 caractères.";
    protocol_rule: "Choose at least one protocol.", "Choisissez au moins un protocole.";
    place_rule: "Choose at least one place, or all.", "Choisissez au moins un environnement, ou tous.";
}
