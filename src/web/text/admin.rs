//! The sentences of the administration.

sentences! { Admin;
    title: "Administration of the server", "Administration du serveur";
    health: "Health", "Santé";
    users: "Users", "Utilisateurs";
    user: "User", "Utilisateur";
    groups: "Groups", "Groupes de personnes";
    devices: "All devices", "Tous les appareils";
    logs: "Logs", "Journaux";
    classes: "Account classes", "Classes de comptes";
    rules: "Rules and notice", "Règles et annonce";
    check: "Connectivity check", "Vérification de l'accès";
    sees_no_contents: "Nothing here shows the contents of contacts.", "Rien ici ne montre le contenu des fiches.";
    database: "Database", "Base de données";
    database_said: "answers in {} ms, {} MB", "répond en {} ms, {} Mo";
    disk: "Disk", "Disque";
    disk_said: "{} % used", "{} % occupé";
    certificate: "Certificate", "Certificat";
    certificate_said: "valid for {} more days", "valable encore {} jours";
    certificate_none: "none here: a proxy holds it, or there is none", "aucun ici : un mandataire le tient, ou il n'y en a pas";
    acme: "Renewal of the certificate", "Renouvellement du certificat";
    acme_well: "by itself, {}", "de lui-même, {}";
    acme_failed: "failed: {}; again {}", "échec : {} ; nouvel essai {}";
    push: "Push to CardDAV programs", "Push vers les programmes CardDAV";
    push_on: "on", "activé";
    push_off: "off: push_contact is not set", "désactivé : push_contact n'est pas défini";
    mail: "Outgoing mail", "Courrier sortant";
    mail_off: "off: no mail server is configured", "désactivé : aucun serveur de courriel n'est configuré";
    mail_said: "{} messages waiting, {} not delivered of the last 200", "{} messages en attente, {} non remis parmi les 200 derniers";
    version_is: "Version", "Version installée";
    well: "in order", "en ordre";
    attention: "needs attention", "à regarder";
    backup: "Backup", "Sauvegarde";
    backup_none: "No backup was made by the server yet.", "Le serveur n'a encore fait aucune sauvegarde.";
    backup_last: "Last backup: {}, {}", "Dernière sauvegarde : {}, {}";
    backup_now: "Back up now", "Sauvegarder maintenant";
    backup_done: "The backup is written.", "La sauvegarde est écrite.";
    search: "Search by login, name or address", "Chercher par identifiant, nom ou adresse";
    class: "Class", "Classe";
    no_class: "none", "aucune";
    quota: "Contacts allowed in Private (empty: as the class)", "Fiches permises dans Privé (vide : comme la classe)";
    contacts: "Contacts", "Fiches";
    devices_number: "Devices", "Appareils";
    last_seen: "Last seen", "Vu la dernière fois";
    never: "never", "jamais";
    state_on: "enabled", "activé";
    state_off: "disabled", "désactivé";
    administrator: "administrator", "administrateur";
    is_admin: "May administer the server", "Peut administrer le serveur";
    new_user: "Add a user", "Ajouter un utilisateur";
    import_list: "Import a list", "Importer une liste";
    import_text: "CSV with a heading line: login, and any of name, email, class, admin. Each new user gets a password, shown once.", "CSV avec une ligne de titres : login, et au choix name, email, class, admin. Chaque nouvel utilisateur reçoit un mot de passe, affiché une fois.";
    import_go: "Add these users", "Ajouter ces utilisateurs";
    passwords_once: "Passwords, shown once", "Mots de passe, affichés une fois";
    not_added: "Not added: {}: {}", "Pas ajouté : {} : {}";
    reset_password: "Make a new password", "Faire un nouveau mot de passe";
    reset_text: "Every device and browser has to sign in again.", "Chaque appareil et chaque navigateur doit se reconnecter.";
    disable: "Disable", "Désactiver";
    enable: "Enable", "Activer";
    remove_user: "Remove the account", "Supprimer le compte";
    remove_text: "What it shared stays with the groups; the rest is lost after the trash time. Type the login ({}) to go on.", "Ce qu'il a partagé reste aux groupes ; le reste est perdu après la durée de la corbeille. Tapez l'identifiant ({}) pour continuer.";
    removed: "Removed.", "Supprimé.";
    saved: "Saved.", "Sauvé.";
    typed_wrong: "What was typed is another name. Nothing was removed.", "Le nom tapé est un autre. Rien n'a été supprimé.";
    class_text: "What accounts of a class may use. The class without a name holds for everybody who is in no other.", "Ce que les comptes d'une classe peuvent utiliser. La classe sans nom vaut pour tous ceux qui ne sont dans aucune autre.";
    everybody: "Everybody else", "Tous les autres";
    new_class: "New class", "Nouvelle classe";
    limit_contacts: "Contacts in Private (empty: no limit)", "Fiches dans Privé (vide : sans limite)";
    limit_devices: "Devices of one person (empty: as the server)", "Appareils d'une personne (vide : comme le serveur)";
    limit_documents: "MiB of documents of one person (empty: as the server, 0: no limit)", "Mio de documents d'une personne (vide : comme le serveur, 0 : sans limite)";
    limit_photo: "KiB of one photo (empty: as the server)", "Kio d'une photo (vide : comme le serveur)";
    limit_import: "MiB of one imported file (empty: as the server)", "Mio d'un fichier importé (vide : comme le serveur)";
    size_rule: "A photo and an import may have 1 KiB or more, or as the server allows.", "Une photo et un import peuvent avoir 1 Kio ou plus, ou comme le serveur le permet.";
    document_limit_rule: "A quota of documents is a number of MiB, 0 for no limit, or nothing.", "Un quota de documents est un nombre de Mio, 0 pour aucune limite, ou rien.";
    allowed: "Allowed", "Permis";
    sms: "SMS", "SMS par passerelle";
    fax: "Fax", "Fax par passerelle";
    remove_class: "Remove the class", "Supprimer la classe";
    new_group: "Found a group", "Fonder un groupe";
    group_admin: "Administrator (login)", "Administrateur (identifiant)";
    members: "Members", "Membres";
    options: "Options", "Options du groupe";
    remove_group: "Delete the group", "Supprimer le groupe";
    remove_group_text: "Its administrator may found it again for the trash time. Type its name ({}) to go on.", "Son administrateur peut le refonder pendant la durée de la corbeille. Tapez son nom ({}) pour continuer.";
    allow: "Allow", "Admettre";
    quarantine: "Quarantine", "Mettre en quarantaine";
    errors_24h: "To look at, 24 h", "À regarder, 24 h";
    audit: "Who did what to rights, users and devices", "Qui a fait quoi aux droits, utilisateurs et appareils";
    sync_errors: "Sync errors by client", "Erreurs de synchronisation par client";
    sign_in_failures: "Sign-ins that failed", "Connexions échouées";
    nothing: "Nothing.", "Rien.";
    when: "When", "Quand";
    who: "Who", "Qui";
    through: "Through", "Par";
    what: "What", "Quoi";
    from_address: "From", "Depuis";
    times: "Times", "Fois";
    older: "Older", "Plus anciens";
    why_wrong: "wrong password", "mauvais mot de passe";
    why_account: "account password where an app password is needed", "mot de passe du compte où il faut un mot de passe d'application";
    why_protocol: "app password for another protocol", "mot de passe d'application pour un autre protocole";
    why_network: "app password for another network", "mot de passe d'application pour un autre réseau";
    why_class: "protocol not allowed by the class", "protocole non permis par la classe";
    why_disabled: "account disabled", "compte désactivé";
    why_many: "too many attempts", "trop d'essais";
    new_devices: "New devices", "Nouveaux appareils";
    new_devices_text: "What becomes of a device at its first contact, by its kind (part of what it calls itself: iPhone, Android, WindowsOutlook). Without a rule: as eas_new_devices says.", "Ce que devient un appareil à son premier contact, selon son type (partie du nom qu'il se donne : iPhone, Android, WindowsOutlook). Sans règle : comme le dit eas_new_devices.";
    kind: "Kind (empty: every other)", "Type (vide : tous les autres)";
    rule: "Rule", "Règle";
    rule_none: "no rule", "pas de règle";
    rule_allow: "allow", "admettre";
    rule_ask: "ask: hold until allowed", "demander : retenir jusqu'à l'admission";
    rule_block: "block", "bloquer";
    notice: "Maintenance notice", "Annonce de maintenance";
    notice_text: "Shown on top of every page; empty: none.", "Affichée en haut de chaque page ; vide : aucune.";
    check_text: "Asks the server under its public address as clients do.", "Interroge le serveur à son adresse publique comme le font les clients.";
    check_go: "Check now", "Vérifier maintenant";
    check_no_address: "public_url is not set: clients cannot be told how to reach the server. Set it in the configuration.", "public_url n'est pas défini : les clients ne peuvent apprendre comment joindre le serveur. Définissez-le dans la configuration.";
    check_tls: "The server answers with a certificate that is trusted", "Le serveur répond avec un certificat reconnu";
    fix_tls: "Check that the name leads to this machine, that the port is open, and that the certificate is for this name and comes from an authority devices trust.", "Vérifiez que le nom mène à cette machine, que le port est ouvert, et que le certificat est pour ce nom et vient d'une autorité que les appareils reconnaissent.";
    check_well_known: "CardDAV is found from the name alone", "CardDAV est trouvé par le seul nom";
    fix_well_known: "The proxy has to pass /.well-known/carddav on to Carnet.", "Le mandataire doit transmettre /.well-known/carddav à Carnet.";
    check_carddav: "CardDAV answers", "CardDAV répond";
    fix_carddav: "The proxy has to pass /dav/ on with every method (PROPFIND, REPORT) and the Authorization header.", "Le mandataire doit transmettre /dav/ avec toutes les méthodes (PROPFIND, REPORT) et l'en-tête Authorization.";
    check_eas: "Exchange ActiveSync answers", "Exchange ActiveSync répond";
    fix_eas: "The proxy has to pass /Microsoft-Server-ActiveSync on, with OPTIONS and the Authorization header.", "Le mandataire doit transmettre /Microsoft-Server-ActiveSync, avec OPTIONS et l'en-tête Authorization.";
    check_autodiscover: "Autodiscover answers", "Autodiscover répond";
    fix_autodiscover: "The proxy has to pass /autodiscover/ on; for addresses of another domain see the DNS records in deploy/dns.md.", "Le mandataire doit transmettre /autodiscover/ ; pour des adresses d'un autre domaine, voyez les enregistrements DNS dans deploy/dns.md.";
    quota_rule: "A quota of contacts is a number, 0 for no limit, or nothing.", "Un quota de contacts est un nombre, 0 pour aucune limite, ou rien.";
    list_no_login: "Line 1 has to name its columns, and one of them is called login.", "La ligne 1 doit nommer ses colonnes, et l'une d'elles s'appelle login.";
    list_bad_login: "Line {}: “{}” is no login. A login is 1 to 64 of a-z, 0-9 and . _ - @ +, and not a reserved word.", "Ligne {} : « {} » n'est pas un identifiant. Un identifiant est fait de 1 à 64 caractères a-z, 0-9 et . _ - @ +, sans mot réservé.";
    list_bad_email: "Line {}: “{}” is no e-mail address.", "Ligne {} : « {} » n'est pas une adresse de courriel.";
    list_too_many: "At most {} accounts are added at once.", "Au plus {} comptes s'ajoutent à la fois.";
    login_rule: "A login is 1 to 64 of a-z, 0-9 and . _ - @ +, and not a reserved word.", "Un identifiant est fait de 1 à 64 caractères a-z, 0-9 et . _ - @ +, sans mot réservé.";
    keeps_admin: "The server keeps an administrator: name another one first.", "Le serveur garde un administrateur : nommez-en d'abord un autre.";
    handed_over: "This person administers a group: hand it over first.", "Cette personne administre un groupe : transmettez-le d'abord.";
    class_rule: "The name of a class has 1 to 40 characters.", "Le nom d'une classe a de 1 à 40 caractères.";
    limit_rule: "A limit is 1 or more, or nothing.", "Une limite est d'au moins 1, ou rien.";
    notice_rule: "A notice has at most 500 characters.", "Une annonce a au plus 500 caractères.";
}

impl Admin {
    /// What a form of the administration did, by the name its address has for it.
    pub fn done(&self, done: &str) -> Option<&'static str> {
        Some(match done {
            "admin-saved" => self.saved,
            "admin-removed" => self.removed,
            "admin-backup" => self.backup_done,
            _ => return None,
        })
    }
}
