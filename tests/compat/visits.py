"""A device (Exchange ActiveSync) and a program (CardDAV) of bob come once, for the pages that show them.

Usage: visits.py http://127.0.0.1:PORT
"""

import base64
import sys
import urllib.request

url = sys.argv[1]
basic = "Basic " + base64.b64encode(b"bob:demo").decode()
# FolderSync with SyncKey 0 in WBXML: page 7, FolderSync, SyncKey.
device = urllib.request.Request(
    f"{url}/Microsoft-Server-ActiveSync?Cmd=FolderSync&User=bob&DeviceId=BROWSER1&DeviceType=TestPhone",
    data=bytes.fromhex("03016a00000756520330000101"),
    headers={
        "authorization": basic,
        "ms-asprotocolversion": "16.1",
        "content-type": "application/vnd.ms-sync.wbxml",
        "user-agent": "Test/1.0",
    },
)
program = urllib.request.Request(
    f"{url}/dav/bob/private/contacts/",
    data=b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level>'
    b"<prop><getetag/></prop></sync-collection>",
    headers={"authorization": basic, "content-type": "application/xml", "user-agent": "DAVx5/4.4"},
    method="REPORT",
)
for request in (device, program):
    assert urllib.request.urlopen(request).status in (200, 207)
print("visits: a device and a program of bob came")
