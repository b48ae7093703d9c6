//! The lines of the audit trail. In English they are what the trail stores: a line is read in
//! another language by its English form, so the first one that fits has to be the right one.

sentences! {
    Audit;

    did_account_added: "account {} added", "compte {} ajouté";
    did_account_changed: "account {} changed: {}", "compte {} changé : {}";
    did_account_class: "account {} in class {}", "compte {} dans la classe {}";
    did_app_password: "account {} has a new app password, {}", "compte {} : nouveau mot de passe d'application, {}";
    did_app_password_revoked: "an app password of {} was revoked", "un mot de passe d'application de {} a été révoqué";
    did_recovery_codes: "account {} has new recovery codes", "compte {} : nouveaux codes de secours";
    did_factor_on: "account {} second factor turned on", "compte {} : second facteur activé";
    did_factor_off: "account {} second factor removed", "compte {} : second facteur retiré";
    did_account_removed: "account {} removed", "compte {} supprimé";
    did_forgotten: "a link for a forgotten password was sent to account {}", "un lien pour mot de passe oublié a été envoyé au compte {}";
    did_group_named: "group {}: displayed name changed", "groupe {} : nom affiché changé";
    did_group_options: "group {}: options {}", "groupe {} : options {}";
    did_group_removed: "group {}: removed", "groupe {} : supprimé";
    did_member: "group {}: {} is member", "groupe {} : {} est membre";
    did_co_admin: "group {}: {} is co-admin", "groupe {} : {} est co-administrateur";
    did_admin: "group {}: {} is admin", "groupe {} : {} est administrateur";
    did_leave: "group {}: {} is no member any more", "groupe {} : {} n'est plus membre";
    did_right_none_all: "group {}: right none for everyone", "groupe {} : plus aucun droit pour tous";
    did_right_none: "group {}: right none for {}", "groupe {} : plus aucun droit pour {}";
    did_right_add_all: "group {}: right add for everyone", "groupe {} : droit d'ajouter pour tous";
    did_right_add: "group {}: right add for {}", "groupe {} : droit d'ajouter pour {}";
    did_right_add_delete_all: "group {}: right add-delete for everyone", "groupe {} : droit d'ajouter et de supprimer pour tous";
    did_right_add_delete: "group {}: right add-delete for {}", "groupe {} : droit d'ajouter et de supprimer pour {}";
    did_grant_all: "group {}: modifying a contact granted to everyone", "groupe {} : modification d'un contact accordée à tous";
    did_grant: "group {}: modifying a contact granted to {}", "groupe {} : modification d'un contact accordée à {}";
    did_withdraw_all: "group {}: modifying a contact withdrawn from everyone", "groupe {} : modification d'un contact retirée à tous";
    did_withdraw: "group {}: modifying a contact withdrawn from {}", "groupe {} : modification d'un contact retirée à {}";
    did_group_added: "group {} added", "groupe {} ajouté";
    did_class_limits: "class {} changed: {}", "classe {} changée : {}";
    did_class_changed: "class {} changed", "classe {} changée";
    did_class_removed: "class {} removed", "classe {} supprimée";
    did_device_allowed: "device {} of {} allowed", "appareil {} de {} admis";
    did_device_blocked: "device {} of {} blocked", "appareil {} de {} bloqué";
    did_device_quarantined: "device {} of {} quarantined", "appareil {} de {} en attente d'admission";
    did_device_wipe: "device {} of {} wipe-pending", "appareil {} de {} : retrait du compte demandé";
    did_device_erase: "device {} of {} erase-pending", "appareil {} de {} : effacement complet demandé";
    did_device_wiped: "device {} of {} wiped", "appareil {} de {} effacé";
    did_export: "exported {} as {}", "a exporté {} en {}";
    did_import: "imported into {}", "a importé dans {}";
    did_restore: "backup restored: {}", "sauvegarde remise en place : {}";
    did_hold_back: "the item {} is held back: the device does not take it", "l'élément {} est retenu : l'appareil ne le prend pas";
    did_set_to: "{} set: {}", "{} réglé : {}";
    did_set: "{} set", "{} réglé";
    did_unset: "{} removed", "{} retiré";
    word_password: "password", "mot de passe";
    word_disabled: "disabled", "désactivé";
    word_enabled: "enabled", "réactivé";
    word_administrator: "administrator", "administrateur";
    word_no_administrator: "no administrator", "plus administrateur";
    word_quota: "quota", "limite de contacts";
    word_document_quota: "quota of documents", "limite de documents";
    word_described: "organization or picture", "organisation ou photo";
    word_settings: "settings", "réglages";
    word_email: "e-mail address", "adresse e-mail";
    word_name: "name", "nom";
    through_command: "command line", "ligne de commande";
    through_outbox: "outbox", "messages sortants";
}
