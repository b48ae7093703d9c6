//! The sentences about devices and other clients.

sentences! { Devices;
    title: "Devices", "Appareils";
    phones: "Phones, tablets and Outlook (Exchange)", "Téléphones, tablettes et Outlook (Exchange)";
    programs: "Programs (CardDAV)", "Programmes (CardDAV)";
    none: "No device has synchronized yet.", "Aucun appareil n'a encore synchronisé.";
    connect: "Connect a device", "Connecter un appareil";
    device: "Device", "Appareil";
    kind: "Kind", "Type";
    protocol: "Protocol", "Protocole";
    last_sync: "Last synchronization", "Dernière synchronisation";
    first_seen: "First connection", "Première connexion";
    contacts: "Contacts", "Fiches";
    state: "State", "État";
    errors_today: "{} to look at in the last 24 hours", "{} à regarder depuis 24 heures";
    well: "in order", "en ordre";
    allowed: "synchronizes", "synchronise";
    blocked: "blocked", "bloqué";
    quarantined: "waits until the administrator lets it in", "attend que l'administrateur l'admette";
    wipe_pending: "the account will be removed at the next contact", "le compte sera retiré au prochain contact";
    erase_pending: "the whole device will be erased at the next contact", "l'appareil entier sera effacé au prochain contact";
    wiped: "wipe confirmed; it is refused", "effacement confirmé ; il est refusé";
    wiped_at: "The device said at {}: {}", "L'appareil a répondu ({}) : {}";
    just_now: "just now", "à l'instant";
    minutes_ago: "{} min ago", "il y a {} min";
    hours_ago: "{} h ago", "il y a {} h";
    details: "Details and log of {}", "Détails et journal de {}";
    name: "What you call it", "Comment vous l'appelez";
    rename: "Rename", "Renommer";
    renamed: "Renamed.", "Renommé.";
    syncs: "What it synchronizes", "Ce qu'il synchronise";
    mode: "Books on this device", "Carnets sur cet appareil";
    mode_auto: "As this kind of device likes it", "Comme ce type d'appareil l'aime";
    mode_folders: "Each book as a folder of its own", "Chaque carnet dans son dossier";
    mode_merged: "All books in one folder", "Tous les carnets dans un seul dossier";
    mode_own_only: "Only my own contacts", "Seulement mes propres fiches";
    shows_merged: "It shows all books in one folder now.", "Il montre maintenant tous les carnets dans un seul dossier.";
    books: "Books it is shown", "Carnets qu'il reçoit";
    own_book: "Private (always)", "Privé (toujours)";
    up_to_date: "up to date", "à jour";
    waiting: "changes waiting", "modifications en attente";
    not_synced: "not as a folder of its own", "pas comme dossier à part";
    refused_there: "{} refused changes", "{} modifications refusées";
    books_saved: "Saved. The device hears of it at once, or at its next contact.", "Sauvé. L'appareil l'apprend aussitôt, ou à son prochain contact.";
    orders: "Orders", "Ordres";
    resync: "Resynchronize", "Resynchroniser";
    resync_text: "The device starts again from the server's data. What it had not sent yet is sent first.", "L'appareil repart des données du serveur. Ce qu'il n'avait pas encore envoyé est envoyé d'abord.";
    resynced: "The device starts over at its next contact.", "L'appareil repart de zéro à son prochain contact.";
    block: "Block", "Bloquer";
    block_done: "Blocked.", "Bloqué.";
    allow: "Let in again", "Admettre de nouveau";
    allow_done: "The device may synchronize.", "L'appareil peut synchroniser.";
    wipe: "Wipe this account's data", "Effacer les données de ce compte";
    wipe_text: "Removes this account and its contacts from the device, and nothing else.", "Retire de l'appareil ce compte et ses fiches, et rien d'autre.";
    wipe_old: "This device speaks version {}, which knows no such order: its folders are emptied at the next contact, then the account is blocked there.", "Cet appareil parle la version {}, qui ne connaît pas cet ordre : ses dossiers sont vidés au prochain contact, puis le compte y est bloqué.";
    wipe_done: "Requested: it will happen at the next contact. It can be cancelled until then.", "Demandé : cela se fera au prochain contact. Annulable d'ici là.";
    erase: "Wipe the whole device", "Effacer tout l'appareil";
    erase_text: "Erases everything on the device: photos, messages, other accounts. To go on, type the name of the device ({}) and your password.", "Efface tout ce qui est sur l'appareil : photos, messages, autres comptes. Pour continuer, tapez le nom de l'appareil ({}) et votre mot de passe.";
    erase_name: "Name of the device", "Nom de l'appareil";
    erase_wrong: "This is not the device's name, or not your password. Nothing was ordered.", "Ce n'est pas le nom de l'appareil, ou pas votre mot de passe. Rien n'a été ordonné.";
    cancel: "Cancel the order", "Annuler l'ordre";
    cancelled: "Cancelled: nothing is wiped.", "Annulé : rien n'est effacé.";
    forget: "Forget", "Oublier";
    forget_text: "Takes the device off this list. It starts over if it comes back.", "Retire l'appareil de cette liste. S'il revient, il repart de zéro.";
    forgotten: "Forgotten.", "Oublié.";
    held_by_office: "The administrator decided this: ask there.", "C'est une décision de l'administrateur : voyez avec lui.";
    program_block: "This program has no app password of yours now. One that uses the password of your account is shut out by changing that password.", "Ce programme n'a plus de mot de passe d'application de vous. S'il emploie le mot de passe de votre compte, changez celui-ci pour l'exclure.";
    program_password: "It signs in with the app password", "Il se connecte avec le mot de passe d'application";
    program_revoke_text: "Revoking it shuts this program out at once, and whatever else uses the same app password.", "Le révoquer exclut ce programme tout de suite, et tout ce qui emploie le même mot de passe d'application.";
    program_revoke: "Shut out: revoke its app password", "Exclure : révoquer son mot de passe d'application";
    log: "Last exchanges", "Derniers échanges";
    log_empty: "Nothing was exchanged yet.", "Rien n'a encore été échangé.";
    log_download: "Download for support", "Télécharger pour l'assistance";
    technical: "Technical", "Technique";
    model: "Model", "Modèle";
    system: "System", "Système";
    own_place: "Private", "Privé";
    event_folders: "Got the list of the folders", "A reçu la liste des dossiers";
    event_began: "Began to synchronize {}", "A commencé à synchroniser {}";
    event_sent: "Sent to it from {}: {}", "Envoyé depuis {} : {}";
    event_received: "Received from it in {}: {}", "Reçu de lui dans {} : {}";
    event_refused: "Refused {} of its changes in {}: no right to make them, or the server had newer data. They are kept in the refused changes where they can be.", "{} de ses modifications refusées dans {} : pas le droit de les faire, ou le serveur avait des données plus récentes. Elles sont gardées dans les modifications refusées quand c'est possible.";
    event_repeated: "The connection was lost in {}: the last answer was sent again", "Connexion perdue dans {} : la dernière réponse a été renvoyée";
    event_started_over: "Its state of {} was not known any more: it started again from the server's data", "Son état de {} n'était plus connu : il est reparti des données du serveur";
    event_denied: "Came, and was refused: it is blocked or waits to be let in", "Est venu et a été refusé : il est bloqué ou attend d'être admis";
    event_wiped: "Confirmed the wipe", "A confirmé l'effacement";
    event_wipe_failed: "Could not carry out the wipe", "N'a pas pu effectuer l'effacement";
    event_failed: "The server could not answer", "Le serveur n'a pas pu répondre";
    count_new_one: "{} new", "{} nouvelle";
    count_changed_one: "{} changed", "{} modifiée";
    count_removed_one: "{} removed", "{} supprimée";
    count_new: "{} new", "{} nouvelles";
    count_changed: "{} changed", "{} modifiées";
    count_removed: "{} removed", "{} supprimées";
    name_rule: "The name of a device has at most 60 characters.", "Le nom d'un appareil a au plus 60 caractères.";
}

impl Devices {
    /// What a form did to a device, by the name its address has for it.
    pub fn done(&self, done: &str) -> Option<&'static str> {
        Some(match done {
            "device-renamed" => self.renamed,
            "device-shown" => self.books_saved,
            "device-resync" => self.resynced,
            "device-block" => self.block_done,
            "device-allow" => self.allow_done,
            "device-wipe" | "device-erase" => self.wipe_done,
            "device-cancel" => self.cancelled,
            "device-forget" => self.forgotten,
            _ => return None,
        })
    }
}
