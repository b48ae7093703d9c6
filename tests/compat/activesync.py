"""pyactivesync, a library for Exchange: a policy, folders, contacts both ways, a conflict, a held Ping.

Usage: activesync.py https://127.0.0.1:PORT CA
"""

import os
import sys
import threading
import time

import requests
from pyactivesync import Client
from pyactivesync.exceptions import StatusError
from pyactivesync.models import Contact, ContactChange, FolderType

BOOK = "/dav/exchange/private/contacts/"
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:;{name};;;\r\nEND:VCARD\r\n"
# The library counts the types of folders one too low from 14 on: [MS-ASCMD] 2.2.3.186.
USER_CONTACTS = FolderType(14)


class Folder:
    """A folder as the library follows it, by its items' fields."""

    def __init__(self, client, folder):
        self.client, self.id = client, folder
        self.key = client.sync_folder(folder).sync_key
        self.items = {}

    def sync(self, window=25):
        """Follows to the end; the number of answers."""
        answers, more = 0, True
        while more:
            told = self.client.sync_folder(self.id, self.key, window_size=window)
            assert len(told.added) + len(told.changed) <= window
            self.items.update({item.server_id: item.fields for item in told.added + told.changed})
            for item in told.deleted:
                self.items.pop(item, None)
            self.key, more = told.sync_key, told.more_available
            answers += 1
        return answers

    def add(self, contact):
        made = self.client.create_contact(self.id, self.key, contact)
        assert made.status == "1", made
        self.key = made.sync_key
        return made.server_id

    def change(self, *changes):
        """The statuses of some changes, by the items' ids."""
        done = self.client.apply_contact_changes(self.id, self.key, list(changes))
        self.key = done.sync_key
        return done.statuses


def main(url, authority):
    os.environ.update(REQUESTS_CA_BUNDLE=authority, NO_PROXY="*")
    book = requests.Session()
    book.auth = ("exchange", "demo")
    address = url.replace("127.0.0.1", "localhost")
    for number in range(5):
        card = CARD.format(uid=f"of-the-book-{number}", name=f"Person {number}")
        book.put(f"{address}{BOOK}{number}.vcf", card).raise_for_status()

    def client(device, password="demo"):
        server = address.removeprefix("https://")
        return Client(server, "exchange", password, device_id=device)

    phone = client("PYACTIVESYNC1")
    # It asks for a policy first, and goes on with a key alone.
    folders = phone.list_folders()
    contacts = next(folder for folder in folders if folder.type == FolderType.CONTACTS)
    folder = Folder(phone, contacts.id)
    assert folder.sync(window=2) > 1
    assert len(folder.items) == len(by_path(book, address)), folder.items

    def zoe(address):
        return Contact(first_name="Zoé", last_name="Ŵ & <Ö>", email1_address=address)

    made = folder.add(zoe("zoe@example.org"))
    found = {path: card for path, card in by_path(book, address).items() if "zoe@example.org" in card}
    [(path, text)] = found.items()
    assert "FN:Zoé Ŵ & <Ö>" in text, text
    print("pyactivesync: a policy, the folders, the first synchronization, a new contact")

    # Somebody else changes it first: the edit is refused, and the server's copy comes.
    text = text.replace("zoe@example.org", "zoe@example.net")
    book.put(f"{address}{path}", text.encode()).raise_for_status()
    said = folder.change(ContactChange(made, zoe("zoe@example.com")))
    assert said[made] == "7", said
    folder.sync()
    assert folder.items[made]["Contacts.Email1Address"].startswith("zoe@example.net"), folder.items[made]
    said = folder.change(ContactChange(made, zoe("zoe@example.com")))
    assert said[made] == "1", said
    assert "zoe@example.com" in book.get(f"{address}{path}").text
    print("pyactivesync: a conflict, and the edit after it")

    other = phone.create_folder("Moved here", type=USER_CONTACTS)
    moved = phone.move_item(made, folder.id, other.id)
    # What it moved itself it is told of where it begins anew.
    there = Folder(phone, other.id)
    there.sync()
    assert moved in there.items, there.items
    assert there.change(ContactChange(moved, delete=True))[moved] == "1"
    phone.delete_folder(other.id)
    try:
        phone.delete_folder(folder.id)
        raise AssertionError("the contacts folder was deleted")
    except StatusError as refused:
        assert refused.code == "3", refused
    print("pyactivesync: a folder of its own, a move, deletions")

    folder.sync()
    written = threading.Timer(1, lambda: book.put(
        f"{address}{BOOK}woken.vcf", CARD.format(uid="woken", name="Woken")))
    written.start()
    began = time.monotonic()
    told = phone.ping([folder.id], folder_class="Contacts", heartbeat=60, timeout=30)
    assert told.changed_folder_ids == [folder.id], told
    assert time.monotonic() - began < 20
    written.join()
    folder.sync()
    assert any(item.get("Contacts.FirstName") == "Woken" for item in folder.items.values())
    book.delete(f"{address}{BOOK}woken.vcf").raise_for_status()
    try:
        client("PYACTIVESYNC2", "wrong").list_folders()
        raise AssertionError("a wrong password was taken")
    except requests.HTTPError as refused:
        assert refused.response.status_code == 401, refused
    print("pyactivesync: a held Ping is woken, a wrong password is refused")


def by_path(book, address):
    """The cards of the book by their paths."""
    listed = book.request("PROPFIND", f"{address}{BOOK}", headers={"Depth": "1"}).text
    paths = [href.split("</D:href>")[0] for href in listed.split("<D:href>")[1:]]
    return {path: book.get(f"{address}{path}").text for path in paths if path.endswith(".vcf")}


if __name__ == "__main__":
    main(*sys.argv[1:])
