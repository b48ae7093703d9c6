//! What exported files say, in both languages side by side: the headings of a spreadsheet, and what
//! stands on paper.

sentences! {
    Export;

    prefix: "Prefix", "Civilité";
    first_name: "First name", "Prénom";
    middle_name: "Middle name", "Deuxième prénom";
    last_name: "Last name", "Nom";
    suffix: "Suffix", "Suffixe";
    full_name: "Full name", "Nom complet";
    nickname: "Nickname", "Surnom";
    company: "Company", "Société";
    department: "Department", "Service";
    job_title: "Job title", "Fonction";
    street: "Street", "Adresse";
    postal_code: "Postal code", "Code postal";
    city: "City", "Ville";
    state: "State", "Région";
    country: "Country", "Pays";
    heading_email: "E-mail", "E-mail";
    mobile: "Mobile", "Portable";
    work_phone: "Work phone", "Tél. bureau";
    phone: "Phone", "Tél.";
    heading_fax: "Fax", "Fax";
    website: "Website", "Site web";
    date_of_birth: "Date of birth", "Date de naissance";
    category: "Category", "Catégorie";
    notes: "Notes", "Remarques";
    group: "Group", "Groupe";
    created_by: "Created by", "Créé par";
    modified: "Modified", "Modifié";
    page: "page {} of {}", "page {} sur {}";
    born: "born {}", "né(e) le {}";
    short_fax: "fax", "fax";
    short_mobile: "mobile", "mob.";
    short_work: "work", "bur.";
    short_home: "home", "dom.";
    short_phone: "tel.", "tél.";
}
