"""Evolution Data Server, headless: discovers, connects, adds, modifies and deletes.

Usage: eds.py http://127.0.0.1:PORT     (starts itself again in a D-Bus session of its own)
"""

import os
import subprocess
import sys
import tempfile
from urllib.parse import urlparse


def session(url):
    import gi

    for name, version in [("EDataServer", "1.2"), ("EBook", "1.2"), ("EBookContacts", "1.2")]:
        gi.require_version(name, version)
    from gi.repository import EBook, EBookContacts, EDataServer, Gio, GLib

    address = urlparse(url)
    credentials = EDataServer.NamedParameters.new()
    credentials.set(EDataServer.SOURCE_CREDENTIAL_USERNAME, "alice")
    credentials.set(EDataServer.SOURCE_CREDENTIAL_PASSWORD, "demo")

    def source(name):
        made = EDataServer.Source.new_with_uid(f"carnet-{name}", None)
        made.set_display_name(name)
        made.set_parent("carddav-stub")
        authentication = made.get_extension(EDataServer.SOURCE_EXTENSION_AUTHENTICATION)
        authentication.set_host(address.hostname)
        authentication.set_port(address.port)
        authentication.set_user("alice")
        authentication.set_method("plain/password")
        security = made.get_extension(EDataServer.SOURCE_EXTENSION_SECURITY)
        security.set_method("none")
        return made

    looked = source("discovery")
    webdav = looked.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND)
    webdav.set_resource_path("/")
    only_contacts = 1
    result = EDataServer.webdav_discover_sources_sync(looked, f"{url}/", only_contacts, credentials, None)
    books = [found.href for found in result[3]]
    assert any("/dav/alice/private/contacts/" in href for href in books), books
    assert any("/dav/groups/Team/Team/" in href for href in books), books
    print("EDS: discovery found", len(books), "books")

    registry = EDataServer.SourceRegistry.new_sync(None)
    made = source("book")
    book = made.get_extension(EDataServer.SOURCE_EXTENSION_ADDRESS_BOOK)
    book.set_backend_name("carddav")
    webdav = made.get_extension(EDataServer.SOURCE_EXTENSION_WEBDAV_BACKEND)
    webdav.set_resource_path("/dav/alice/private/contacts/")
    provider = EDataServer.SourceCredentialsProvider.new(registry)
    registry.commit_source_sync(made, None)
    made = registry.ref_source("carnet-book")
    provider.store_sync(made, credentials, False, None)
    client = EBook.BookClient.connect_sync(made, 30, None)
    assert not client.is_readonly(), "the book is writable"
    before = client.get_contacts_sync('(exists "full_name")', None)[1]
    assert len(before) == 14, len(before)

    contact = EBookContacts.Contact.new_from_vcard(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Eve Ds\r\nN:Ds;Eve;;;\r\nEMAIL:eve@example.org\r\nEND:VCARD\r\n"
    )
    added, uid = client.add_contact_sync(contact, 0, None)
    assert added and uid
    stored = client.get_contact_sync(uid, None)[1]
    stored.set_property("full-name", "Eve Changed")
    assert client.modify_contact_sync(stored, 0, None)
    client.refresh_sync(None)
    again = client.get_contact_sync(uid, None)[1]
    assert again.get_property("full-name") == "Eve Changed", again.get_property("full-name")
    assert client.remove_contact_by_uid_sync(uid, 0, None)
    client.refresh_sync(None)
    after = client.get_contacts_sync('(exists "full_name")', None)[1]
    assert len(after) == 14, len(after)
    print("Evolution Data Server: connected, added, modified and deleted")


def main(url):
    if os.environ.get("CARNET_EDS_SESSION"):
        session(url)
        return
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": f"{home}/config",
                       "XDG_CACHE_HOME": f"{home}/cache", "XDG_DATA_HOME": f"{home}/data",
                       "XDG_RUNTIME_DIR": home, "CARNET_EDS_SESSION": "1", "GSETTINGS_BACKEND": "memory"}
        os.chmod(home, 0o700)
        unlock = "printf demo | gnome-keyring-daemon --unlock --components=secrets >/dev/null"
        command = f"{unlock}; exec timeout 150 {sys.executable} {os.path.abspath(__file__)} {url}"
        done = subprocess.run(["dbus-run-session", "--", "sh", "-c", command], env=environment)
    assert done.returncode == 0, "Evolution Data Server failed"


main(sys.argv[1])
