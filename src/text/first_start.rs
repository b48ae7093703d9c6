//! The sentences of the first start, in both languages side by side.

sentences! {
    FirstStart;

    title: "First start", "Premier démarrage";
    intro: "This server has no account yet. Whoever has the code it printed when it started sets it up here.", "Ce serveur n'a encore aucun compte. Qui possède le code affiché à son démarrage le configure ici.";
    code: "Code", "Code du démarrage";
    code_hint: "Four groups of four characters, on the server's output or in its log.", "Quatre groupes de quatre caractères, dans la sortie du serveur ou son journal.";
    address: "Address of the server", "Adresse du serveur";
    address_hint: "How people and devices reach it from outside: https:// and its name.", "Comment les personnes et les appareils l'atteignent de l'extérieur : https:// et son nom.";
    address_set: "The configuration says it: {}", "La configuration le dit : {}";
    administrator: "The administrator", "L'administrateur";
    login: "Login", "Identifiant";
    name: "Name", "Nom";
    again: "The same password again", "Le même mot de passe encore une fois";
    database: "Database", "Base de données";
    database_well: "in order", "en ordre";
    database_broken: "needs attention: see carnet check", "à regarder : voir carnet check";
    go: "Set the server up", "Configurer le serveur";
    code_wrong: "This is not the code the server printed. A restart makes another one.", "Ce n'est pas le code affiché par le serveur. Un redémarrage en crée un autre.";
    too_often: "Too many attempts. Try again in an hour, or restart the server.", "Trop d'essais. Réessayez dans une heure, ou redémarrez le serveur.";
    address_rule: "An address is https:// and a name, perhaps with a port: https://contacts.example.org", "Une adresse est https:// et un nom, avec un port peut-être : https://contacts.example.org";
    done: "The server is set up", "Le serveur est configuré";
    done_text: "It starts with its new address now. In a moment you can sign in as {}.", "Il démarre maintenant avec sa nouvelle adresse. Dans un instant, vous pourrez vous connecter comme {}.";
}
