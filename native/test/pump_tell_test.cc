// Lines that somebody waits for: told before they leave the pipe, and written once they were seen.
#include "../telling.h"
#include "check.h"
#include "listening.h"

using namespace listening;

TEST("a batch is whole lines: never more than is asked for, but one line that is longer, of which the beginning is told") {
  CHECK(told_of("", true).bytes == 0);
  CHECK(told_of("half", false).bytes == 0 && told_of("half", false).text.empty());
  CHECK(told_of("half", true).bytes == 4 && told_of("half", true).text == "half\n");
  CHECK(told_of("a\n\nb\nhalf", false).bytes == 5 && told_of("a\n\nb\nhalf", false).text == "a\n\nb\n");
  const std::string most(most_told - 1, 'x');
  CHECK(told_of(most + "\nnext\n", false).text == most + "\n");
  CHECK(told_of("a\n" + most + "\n", false).text == "a\n");
  CHECK(told_of(most + "y\nnext\n", false).bytes == most_told + 1);
  CHECK(told_of(most + "y\nnext\n", false).text == most + "y\n");
  CHECK(told_of(most + "yz\nnext\n", false).text == most + "y" + std::string(line_goes_on) + "\n");
}

TEST("lines are told before they leave the pipe, and leave it once they were seen; then the next are told") {
  File file;
  Listener listener;
  const Fd out = adopt(*listener.pump, file.open(*listener.pump));
  print(out, "one\ntwo\n");
  CHECK(listener.last(1) == "one\ntwo\n");
  print(out, "three\nfo");
  REQUIRE(listener.settle());
  CHECK(file.size() == 0 && queued(out) == 16 && listener.told(1).size() == 1);
  listener.see();
  CHECK(listener.last(2) == "three\n");
  CHECK(unlabelled(file.text()) == Texts{"one", "two"} && queued(out) == 8);
  listener.see();
  REQUIRE(until([&] { return queued(out) == 2; }));
  CHECK(unlabelled(file.text()) == Texts{"one", "two", "three"});
}

TEST("half a line is told when its end has come, and the last one of a run when nobody can print any more") {
  File file;
  Listener listener;
  Fd out = adopt(*listener.pump, file.open(*listener.pump));
  print(out, "half of ");
  REQUIRE(listener.settle());
  CHECK(listener.told(0).empty());
  print(out, "a line\nlast words");
  CHECK(listener.last(1) == "half of a line\n");
  out.reset();
  listener.see();
  CHECK(listener.last(2) == "last words\n");
  listener.see();
  REQUIRE(until([&] { return file.text().ends_with("last words\n"); }));
  CHECK(unlabelled(file.text()) == Texts{"half of a line", "last words"});
}

TEST("nothing is told of a run before the line that opens it") {
  File file;
  Listener listener;
  const int sink = file.open(*listener.pump);
  const Fd out = adopt(*listener.pump, sink, 0, false);
  print(out, "early\n");
  listener.see();
  REQUIRE(listener.settle());
  CHECK(listener.told(0).empty());
  say(*listener.pump, sink, "Started", kRun);
  CHECK(listener.last(1) == "early\n");
}

TEST("the two streams of a run are told, and seen, each for itself") {
  File file;
  Listener listener;
  const int sink = file.open(*listener.pump);
  const Fd out = adopt(*listener.pump, sink, 0), err = adopt(*listener.pump, sink, 1);
  print(out, "out\n");
  print(err, "err\n");
  CHECK(listener.last(1, 0) == "out\n" && listener.last(1, 1) == "err\n");
  listener.see(1);
  REQUIRE(until([&] { return queued(err) == 0; }));
  REQUIRE(listener.settle());
  CHECK(unlabelled(file.text()) == Texts{"err"} && queued(out) == 4);
}

TEST("of a run that prints as fast as it can, each line is told once, in batches of at most 64 KiB, and written once") {
  File file;
  Listener listener;
  Fd out = adopt(*listener.pump, file.open(*listener.pump));
  const std::string printed = numbered(40'000);
  std::thread printer([&] { print(out, printed); out.reset(); });
  std::string all;
  for (size_t n = 1; all.size() < printed.size(); ++n) {
    const std::string batch = listener.last(n);
    if (!CHECK(!batch.empty() && batch.size() <= most_told)) break;
    all += batch;
    listener.see();
  }
  printer.join();
  CHECK(all == printed);
  REQUIRE(until([&] { return file.text().ends_with(printed.substr(printed.size() - 20)); }));
  CHECK(unlabelled(file.text()) == lines_of(printed));
}

TEST("a line that is longer than a batch is written whole, and its beginning is told") {
  File file;
  Listener listener;
  const Fd out = adopt(*listener.pump, file.open(*listener.pump));
  const std::string line(300'000, 'x');
  std::thread printer([&] { print(out, line + "\nnext\n"); });
  CHECK(listener.last(1) == std::string(most_told, 'x') + std::string(line_goes_on) + "\n");
  listener.see();
  CHECK(listener.last(2) == "next\n");
  listener.see();
  printer.join();
  REQUIRE(until([&] { return file.text().ends_with("next\n"); }));
  CHECK(unlabelled(file.text()) == Texts{line, "next"});
}

TEST("a run of which nobody asks is not told") {
  File file;
  Listener listener;
  const int sink = file.open(*listener.pump);
  const Fd out = run_of(*listener.pump, 8, sink);
  say(*listener.pump, sink, "Started", 8);
  print(out, "one\n");
  REQUIRE(until([&] { return file.text().ends_with("one\n"); }));
  CHECK(listener.told(0).empty());
}
