// Drives KDAV, the library with which Akonadi (KOrganizer, KAddressBook, KMail) reads and writes
// address books. Prints one line for each step: its name, and what the library made of the answer.
//
// Usage: kdav http://127.0.0.1:PORT/ LOGIN PASSWORD

#include <KDAV/DavCollection>
#include <KDAV/DavCollectionsMultiFetchJob>
#include <KDAV/DavItem>
#include <KDAV/DavItemCreateJob>
#include <KDAV/DavItemDeleteJob>
#include <KDAV/DavItemFetchJob>
#include <KDAV/DavItemModifyJob>
#include <KDAV/DavItemsFetchJob>
#include <KDAV/DavItemsListJob>
#include <KDAV/DavUrl>
#include <KDAV/EtagCache>
#include <QCoreApplication>
#include <QTextStream>
#include <memory>

using namespace KDAV;

static QTextStream out(stdout);

// The job stays after its end, to be asked for what it found.
template <typename Job> static bool run(Job &job)
{
    job.setAutoDelete(false);
    return job.exec();
}

static DavItem with(DavItem item, const char *before, const char *after)
{
    item.setData(item.data().replace(before, after));
    return item;
}

static void write(const DavUrl &book)
{
    QUrl address = book.url();
    address.setPath(address.path() + QStringLiteral("k é#1.vcf"));
    DavItem card;
    card.setUrl(DavUrl(address, CardDav));
    card.setContentType(QStringLiteral("text/vcard"));
    card.setData("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:kde-1\r\nFN:K One\r\nN:One;K;;;\r\nEND:VCARD\r\n");

    DavItemCreateJob create(card);
    out << "create " << run(create) << "\n";
    DavItemFetchJob fetch(create.item());
    out << "fetch " << (run(fetch) && fetch.item().data().contains("K One")) << "\n";
    const DavItem first = fetch.item();

    DavItemModifyJob modify(with(first, "K One", "K Two"));
    out << "modify " << run(modify) << "\n";
    DavItemModifyJob late(with(first, "K One", "K Three"));
    const bool stored = run(late);
    out << "late modify " << stored << " conflict " << late.hasConflict() << " present "
        << late.freshItem().data().contains("K Two") << "\n";
    DavItemDeleteJob lateDelete(first);
    const bool deleted = run(lateDelete);
    out << "late delete " << deleted << " present " << !lateDelete.freshItem().etag().isEmpty() << "\n";

    DavItemFetchJob again(first);
    run(again);
    DavItemDeleteJob remove(again.item());
    out << "delete " << run(remove) << "\n";
    DavItemDeleteJob repeated(again.item());
    out << "delete again " << run(repeated) << "\n";
}

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = application.arguments();
    QUrl server(arguments.value(1));
    server.setUserName(arguments.value(2));
    server.setPassword(arguments.value(3));

    DavCollectionsMultiFetchJob books({DavUrl(server, CardDav)});
    out << "books " << run(books) << "\n";
    for (const DavCollection &book : books.collections()) {
        DavItemsListJob list(book.url(), std::make_shared<EtagCache>());
        out << "book " << book.url().url().path() << " listed " << run(list);
        QStringList addresses;
        for (const DavItem &item : list.items())
            addresses << item.url().toDisplayString();
        DavItemsFetchJob fetch(book.url(), addresses);
        out << " read " << (run(fetch) && fetch.items().size() == addresses.size()) << "\n";
        if (book.url().url().path().endsWith(QStringLiteral("/private/contacts/")))
            write(book.url());
    }
}
