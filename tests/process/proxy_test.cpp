// Bots live in a real cluster, behind a proxy that lies to three of them: they report its three lies and nothing else.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "tests/process/cluster_process.h"
#include "tests/tools/bots/altering_proxy.h"
#include "tools/bots/crowd.h"

namespace dure {
namespace {

using test::ClusterProcess;

// The first value of this key in a configuration file.
std::string setting(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  std::smatch found;
  const std::regex line("(?:^|\n)" + key + " = \"([^\"]*)\"");
  return std::regex_search(text, found, line) ? found[1].str() : "";
}

// Ends the evening once all lies were told and had a while to be noticed.
class UntilToldThenHome : private Reactor::Sleeper {
 public:
  UntilToldThenHome(Reactor& reactor, Crowd& crowd, const AlteringProxy& proxy)
      : reactor_(reactor), crowd_(crowd), proxy_(proxy) {
    reactor_.wake_in(milliseconds(500), this, 0);
  }

 private:
  void on_time(std::uint32_t) override {
    const bool told = proxy_.altered && proxy_.swapped && proxy_.replayed;
    if (told && ++looks_since_ == 4) return crowd_.wind_down();
    reactor_.wake_in(milliseconds(500), this, 0);
  }
  Reactor& reactor_;
  Crowd& crowd_;
  const AlteringProxy& proxy_;
  int looks_since_ = 0;
};

// Has a game master give bot 16 swords, faster than it sells them, until the lie about one was told.
class SwordsForBot : private Reactor::Sleeper {
 public:
  SwordsForBot(Reactor& reactor, const ClusterProcess& cluster, const AlteringProxy& proxy)
      : reactor_(reactor), cluster_(cluster), proxy_(proxy) {
    reactor_.wake_in(milliseconds(500), this, 0);
  }

 private:
  void on_time(std::uint32_t) override {
    if (proxy_.altered) return;
    test::run_dure({"gm", "--config", cluster_.config(), "give", "Botaaat", "iron_sword"});
    reactor_.wake_in(milliseconds(1000), this, 0);
  }
  Reactor& reactor_;
  const ClusterProcess& cluster_;
  const AlteringProxy& proxy_;
};

TEST(Proxy, WhatItAltersSwapsAndReplaysBeforeARealClusterIsReportedAndNothingElse) {
  ClusterProcess cluster("local.toml");
  cluster.up({});
  ASSERT_TRUE(cluster.printed("ready in", std::chrono::seconds(60))) << cluster.output();
  Reactor reactor;
  AlteringProxy proxy(reactor, setting(cluster.config(), "gateway.listen"));
  // In an evening all of them talk; bots 11 and 16 change zones again and again: new epochs, and the whole state anew.
  proxy.swap_lines_of = "bot00002";
  proxy.alter_item_of = "bot00016";
  proxy.replay_epoch_of = "bot00011";
  BotsOptions options;
  options.count = 16;
  options.duration = seconds(180);
  options.gateways = {proxy.address()};
  options.developer_key = setting(cluster.config(), "ticket_key");
  options.cluster_id = setting(cluster.config(), "cluster_id");
  options.progress_interval = {};
  auto crowd = Crowd::open(options, reactor);
  ASSERT_TRUE(crowd) << crowd.error().detail;
  const UntilToldThenHome end(reactor, **crowd, proxy);
  (*crowd)->start();
  // Something for the second lie to be about.
  const SwordsForBot swords(reactor, cluster, proxy);
  reactor.run([&] { return (*crowd)->gone(); });
  const Report& report = (*crowd)->finish();
  EXPECT_TRUE(proxy.altered && proxy.swapped && proxy.replayed) << proxy.altered << proxy.swapped << proxy.replayed;
  std::multiset<std::string> found;
  std::string lines;
  for (const Mismatch& line : report.mismatches) {
    found.insert(line.bot + " " + (line.what.starts_with("item ") ? "item" : line.what));
    lines += line.bot + ": " + line.what + ": " + line.expected + " / " + line.seen + "\n";
  }
  EXPECT_EQ(report.mismatch_count, 3u) << lines;
  EXPECT_EQ(found, (std::multiset<std::string>{"bot00002 chat line out of order", "bot00016 item",
                                               "bot00011 epoch of PlayerState"}))
      << lines;
  EXPECT_EQ(report.disconnects, 0u);
  EXPECT_EQ(cluster.stop(), 0) << cluster.output();
}

}  // namespace
}  // namespace dure
