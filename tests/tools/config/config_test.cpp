#include "tools/config/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/proto/config.pb.h"

namespace dure {
namespace {

const std::string kCluster = "[cluster]\ncluster_id = \"t\"\n";

// The one line a text is refused with; empty if it is taken.
std::string refusal(const std::string& text) {
  const auto config = parse_config(text, "x.toml");
  if (config) return "";
  EXPECT_EQ(config.error().trouble, Trouble::kInvalid);
  EXPECT_EQ(config.error().detail.find('\n'), std::string::npos);
  return config.error().detail;
}

TEST(Config, IsFilledWithDefaultsWhereTheFileIsSilent) {
  const auto config = parse_config(kCluster, "x.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->base().gateway().frame_bytes_max(), 65536u);
  EXPECT_EQ(config->base().general().tick_rate_hz(), 10u);
  EXPECT_TRUE(config->base().gateway().limit_loopback());
  EXPECT_FALSE(config->base().dev().enabled());
  EXPECT_EQ(config->origin({}, "gateway.frame_bytes_max"), "default");
  EXPECT_EQ(config->origin({}, "cluster.cluster_id"), "x.toml:2");
}

TEST(Config, NamesPlaceKeyAndBoundsOfANumberOutOfRange) {
  EXPECT_EQ(refusal(kCluster + "[gateway]\n  frame_bytes_max = 70000000\n"),
            "x.toml:4:3: gateway.frame_bytes_max = 70000000: allowed 1024..65536 (largest client frame after login)");
  EXPECT_EQ(refusal(kCluster + "[general]\ntick_rate_hz = -1\n"),
            "x.toml:4:1: general.tick_rate_hz = -1: allowed 1..60 (ticks of a zone)");
  EXPECT_NE(refusal(kCluster + "[general]\ntick_rate_hz = 99999999999999999999\n").find("x.toml:4:"),
            std::string::npos);
}

TEST(Config, RefusesAnUnknownKeyOrSectionWithWhatIsAllowed) {
  EXPECT_EQ(refusal(kCluster + "[chat]\nhistory = 50\n"),
            "x.toml:4:1: chat.history: unknown key: allowed history_lines, line_points_max, flood_lines_per_10s, "
            "flood_burst");
  EXPECT_EQ(refusal(kCluster + "[lobby]\n").substr(0, 34), "x.toml:3:2: lobby: unknown key: al");
}

TEST(Config, RefusesADuplicateKeyAndADuplicateSection) {
  EXPECT_EQ(refusal(kCluster + "cluster_id = \"u\"\n"), "x.toml:3:1: duplicate string 'cluster_id'");
  EXPECT_EQ(refusal(kCluster + "[chat]\n[cluster]\n"), "x.toml:4:1: duplicate table 'cluster'");
}

TEST(Config, RefusesAWrongType) {
  EXPECT_EQ(refusal(kCluster + "[dev]\nenabled = 1\n").substr(0, 50),
            "x.toml:4:1: dev.enabled = 1: allowed true or false");
  EXPECT_EQ(refusal(kCluster + "[general]\ntick_rate_hz = \"10\"\n"),
            "x.toml:4:1: general.tick_rate_hz = '10': allowed 1..60 (ticks of a zone)");
  EXPECT_EQ(refusal(kCluster + "[general]\ntick_rate_hz = 10.5\n").substr(0, 40),
            "x.toml:4:1: general.tick_rate_hz = 10.5:");
  EXPECT_EQ(refusal(kCluster + "[log]\nlevel = \"loud\"\n"),
            "x.toml:4:1: log.level = 'loud': allowed debug, info, warning, error (the least level that is written)");
  EXPECT_EQ(refusal("cluster = 5\n").substr(0, 25), "x.toml:1:1: cluster = 5: ");
  EXPECT_EQ(refusal(kCluster + "[gateway]\nlisten = \"7001\"\n"),
            "x.toml:4:1: gateway.listen = '7001': allowed host:port (where clients connect)");
}

TEST(Config, RefusesATableOrAListWhereAValueShouldBe) {
  EXPECT_EQ(refusal(kCluster + "[general]\ntick_rate_hz = {a = 1}\n"),
            "x.toml:4:1: general.tick_rate_hz = a table: allowed 1..60 (ticks of a zone)");
  EXPECT_EQ(refusal(kCluster + "[general]\ntick_rate_hz = [1]\n"),
            "x.toml:4:1: general.tick_rate_hz = a list: allowed 1..60 (ticks of a zone)");
  EXPECT_EQ(refusal(kCluster + "[log]\nlevel = 5\n").substr(0, 25), "x.toml:4:1: log.level = 5");
  EXPECT_EQ(refusal(kCluster + "[dbagent]\nshards = 1\n"),
            "x.toml:4:10: dbagent.shards = 1: allowed a list of 1..1024 (shards that this node serves)");
  EXPECT_EQ(refusal(kCluster + "[dbagent]\nshards = [\"one\"]\n"),
            "x.toml:4:11: dbagent.shards[0] = 'one': allowed a list of 1..1024 (shards that this node serves)");
  EXPECT_EQ(refusal(kCluster + "node = 5\n").substr(0, 53), "x.toml:3:8: cluster.node = 5: allowed [[node]] tables");
  EXPECT_EQ(refusal(kCluster + "node = [5]\n").substr(0, 53), "x.toml:3:9: cluster.node = 5: allowed [[node]] tables");
}

TEST(Config, TakesEveryLevelAndShowsOnlyTheBeginningOfALongText) {
  for (const char* level : {"debug", "info", "warning", "error"})
    EXPECT_EQ(refusal(kCluster + "[log]\nlevel = \"" + level + "\"\n"), "");
  EXPECT_EQ(refusal(kCluster + "[log]\nlevel = \"" + std::string(200, 'x') + "\"\n").substr(0, 104),
            "x.toml:4:1: log.level = '" + std::string(76, 'x') + "...");
  EXPECT_NE(refusal(kCluster + "data_dir = \"a\\u0000b\"\n"), "") << "a text ends where a C string does";
}

// What of `value` is refused as text of [section] key.
bool taken(const std::string& section, const std::string& key, const std::string& value) {
  const std::string text = section == "cluster" ? "[cluster]\n" + key + " = \"" + value + "\"\n"
                                                : kCluster + "[" + section + "]\n" + key + " = \"" + value + "\"\n";
  return refusal(text).empty();
}

TEST(Config, NamesAreOfLettersDigitsAndTwoSigns) {
  for (const std::string& good : {std::string("a"), std::string("Az-09_zA"), std::string(64, 'x')})
    EXPECT_TRUE(taken("cluster", "cluster_id", good)) << good;
  for (const std::string& bad : {std::string(), std::string(65, 'x'), std::string("a/b"), std::string("a:b"),
                                 std::string("a@b"), std::string("a[b"), std::string("a`b"), std::string("a{b")})
    EXPECT_FALSE(taken("cluster", "cluster_id", bad)) << bad;
}

TEST(Config, KeysAreOfSixtyFourHexadecimalDigits) {
  const std::string zeros(61, '0');
  for (const char* good : {"0af", "9AF", "fF5"}) EXPECT_TRUE(taken("dev", "ticket_key", zeros + good)) << good;
  for (const char* bad : {"00g", "00G", "00/", "00:", "00@", "00`", "00", "0000"})
    EXPECT_FALSE(taken("dev", "ticket_key", zeros + bad)) << bad;
  const auto named = [](const std::string& key) {
    return refusal(kCluster + "[gm]\npublic_keys = [\"" + key + "\"]\n").empty();
  };
  EXPECT_TRUE(named("anna:" + std::string(64, 'a')));
  EXPECT_FALSE(named(std::string(64, 'a')));
  EXPECT_FALSE(named(":" + std::string(64, 'a')));
  EXPECT_FALSE(named("anna:" + std::string(63, 'a')));
  EXPECT_FALSE(named("anna:" + std::string(63, 'a') + "x"));
}

TEST(Config, AddressesHaveTheFormOfTheirKind) {
  for (const char* good : {"localhost:1", "[::1]:65535", "127.0.0.1:7001"})
    EXPECT_TRUE(taken("gateway", "listen", good)) << good;
  for (const char* bad : {"", "7001", ":7001", "localhost:", "localhost:0", "localhost:65536", "localhost:7x",
                          "localhost:99999999999", "tcp://localhost:1"})
    EXPECT_FALSE(taken("gateway", "listen", bad)) << bad;
  EXPECT_TRUE(taken("gateway", "listen_websocket", ""));
  EXPECT_TRUE(taken("gateway", "listen_websocket", "localhost:2"));
  EXPECT_FALSE(taken("gateway", "listen_websocket", "7011"));
  for (const char* good : {"", "unix:/run/redis", "localhost:6379"})
    EXPECT_TRUE(taken("redis", "address", good)) << good;
  EXPECT_TRUE(taken("redis", "address", "unix:" + std::string(99, 'r')));
  EXPECT_FALSE(taken("redis", "address", "unix:" + std::string(100, 'r')));
  for (const char* bad : {"unix:", "redis://localhost:6379", "localhost"})
    EXPECT_FALSE(taken("redis", "address", bad)) << bad;
}

TEST(Config, NodesAreNamedByARoleThatServesAndReachedByTheMesh) {
  const auto node = [](const std::string& name, const std::string& address) {
    return refusal(kCluster + "[[cluster.node]]\nname = \"" + name + "\"\naddress = \"" + address + "\"\n");
  };
  for (const char* good : {"ipc:///run/dure.chat", "tcp://127.0.0.1:1", "tcp://[::1]:1", "tcp://localhost:1"})
    EXPECT_EQ(node("chat-1", good), "") << good;
  EXPECT_EQ(node("chat-1", "ipc://" + std::string(99, 'p')), "");
  EXPECT_NE(node("chat-1", "ipc://" + std::string(100, 'p')), "");
  for (const char* bad : {"", "ipc://", "tcp://", "tcp://127.0.0.1", "127.0.0.1:1", "udp://127.0.0.1:1"})
    EXPECT_NE(node("chat-1", bad).find("allowed tcp://host:port, ipc://path or inproc"), std::string::npos) << bad;
  EXPECT_EQ(node("all-1/chat", "inproc"), "");
  EXPECT_NE(node("chat-1", "inproc").find("only nodes of the united server (all-1/…) need no address"),
            std::string::npos);
  for (const char* bad : {"tool-1", "chat-1/general", "chat"})
    EXPECT_NE(node(bad, "tcp://127.0.0.1:1").find("allowed role-number"), std::string::npos) << bad;
}

TEST(Config, TimesAndSizesOfAGatewayFitTogether) {
  EXPECT_EQ(refusal(kCluster + "[gateway]\nheartbeat_timeout_ms = 9999\n"),
            "x.toml:4:1: gateway.heartbeat_timeout_ms = 9999: must be at least twice gateway.heartbeat_interval_ms");
  EXPECT_EQ(refusal(kCluster + "[gateway]\nheartbeat_timeout_ms = 10000\n"), "");
  EXPECT_EQ(refusal(kCluster + "[gateway]\nframe_bytes_max = 1024\nframe_bytes_max_before_login = 1025\n"),
            "x.toml:5:1: gateway.frame_bytes_max_before_login = 1025: must not be larger than gateway.frame_bytes_max");
  const std::string one = kCluster + "[[cluster.node]]\nname = \"gateway-1\"\naddress = \"tcp://127.0.0.1:1\"\n";
  EXPECT_EQ(refusal(one + "[node.\"gateway-1\"]\ngateway.heartbeat_timeout_ms = 300\n").substr(0, 52),
            "x.toml:7:9: gateway.heartbeat_timeout_ms = 300: must");
}

TEST(Config, RefusesInvalidUtf8AtItsPlace) {
  EXPECT_EQ(refusal(kCluster + "# \xf0\x9f\x98\x80 \xf0\x9f\x98"), "x.toml:3:5: invalid UTF-8") << "cut short";
  EXPECT_EQ(refusal(kCluster + "# \xea\xb0\x80\n# ab\xff\n"), "x.toml:4:5: invalid UTF-8");
}

TEST(Config, RefusesAnEmptyAMissingAndAHugeFile) {
  EXPECT_EQ(refusal(" \n"), "x.toml: empty file");
  EXPECT_EQ(load_config("no/such/file.toml").error().detail, "no/such/file.toml: No such file or directory");
  EXPECT_EQ(load_config("/").error().detail.substr(0, 3), "/: ");
  const std::string path = testing::TempDir() + "huge.toml";
  std::ofstream(path) << kCluster << std::string(11 << 20, '#');
  EXPECT_EQ(load_config(path).error().detail, path + ": larger than 1 MiB");
  std::ofstream(path) << kCluster;
  EXPECT_EQ(load_config(path).error().detail,
            path + ": cluster.node is missing: allowed one [[cluster.node]] table or more (who runs)");
}

TEST(Config, RefusesWhatIsNoToml) {
  EXPECT_EQ(refusal(kCluster + "realm_id = \n").substr(0, 10), "x.toml:3:1");
  EXPECT_EQ(refusal(kCluster + "[ }]\n"), "x.toml: not TOML");  // where the library asserts
  EXPECT_EQ(refusal(kCluster + "realm\xd2\x8f = 1\n"), "x.toml:3:6: expected '=', saw '\xd2\x8f'");  // no white space
  EXPECT_EQ(refusal(kCluster + "[log]\nlevel = \"\"\"\\\n\xc2\xa7\"\"\"\n").substr(0, 24), "x.toml:4:1: log.level = ");
  EXPECT_EQ(refusal("[chat]\n"), "x.toml:1:1: cluster is missing: allowed a [cluster] table (who we are)");
  EXPECT_EQ(refusal("[cluster]\nrealm_id = 1\n").substr(0, 45), "x.toml:1:1: cluster.cluster_id is missing: al");
}

const std::string kNodes = kCluster +
                           "[[cluster.node]]\nname = \"gateway-1\"\naddress = \"tcp://127.0.0.1:1\"\n"
                           "[[cluster.node]]\nname = \"gateway-2\"\naddress = \"tcp://127.0.0.1:2\"\n";

TEST(Config, LetsANodeOverrideSettings) {
  const auto config = parse_config(kNodes +
                                       "[node.\"gateway-2\"]\ngateway.listen = \"127.0.0.1:7002\"\n"
                                       "[gateway]\nio_threads = 3\n",
                                   "x.toml");
  ASSERT_TRUE(config) << config.error().detail;
  const NodeId second(Role::kGateway, 2);
  EXPECT_EQ(config->of(second).gateway().listen(), "127.0.0.1:7002");
  EXPECT_EQ(config->of(second).gateway().io_threads(), 3u);
  EXPECT_EQ(config->of(NodeId(Role::kGateway, 1)).gateway().listen(), "127.0.0.1:7001");
  EXPECT_EQ(config->origin(second, "gateway.listen"), "x.toml:10");
  EXPECT_EQ(config->origin(second, "gateway.io_threads"), "x.toml:12");
}

TEST(Config, KeepsTheDoorsOfGatewaysApart) {
  EXPECT_EQ(
      refusal(kNodes + "[node.\"gateway-2\"]\ngateway.listen = \"127.0.0.1:7002\"\n"
                       "gateway.listen_websocket = \"127.0.0.1:7001\"\n"),
      "x.toml:11:9: gateway.listen_websocket = '127.0.0.1:7001': gateway-2 and gateway-1 would both listen there");
  EXPECT_EQ(refusal(kNodes + "[node.\"gateway-2\"]\ngateway.listen = \"127.0.0.1:7002\"\n"
                             "gateway.listen_websocket = \"\"\n"),
            "");
}

TEST(Config, RefusesOverridesOfStrangersAndOfWhatIsCommon) {
  EXPECT_EQ(refusal(kNodes + "[node.\"gateway-3\"]\n"),
            "x.toml:9:7: node.\"gateway-3\": no such node in [[cluster.node]]");
  for (const std::string name : {"", "wizard-1"})
    EXPECT_NE(refusal(kNodes + "[node.\"" + name + "\"]\n").find("no such node"), std::string::npos) << name;
  EXPECT_EQ(refusal(kNodes + "[node]\n\"gateway-2\" = 5\n"),
            "x.toml:10:1: node.\"gateway-2\": allowed a table of sections");
  EXPECT_NE(refusal("node = 5\n" + kNodes).find("x.toml:1:1: node: allowed [node.\"gateway-1\"] tables"),
            std::string::npos);
  const std::string general = kCluster + "[[cluster.node]]\nname = \"general-1\"\naddress = \"tcp://127.0.0.1:1\"\n";
  EXPECT_EQ(refusal(general + "[node.\"general-1\"]\n[node.\"lobby-1\"]\n"),
            "x.toml:7:7: node.\"lobby-1\": duplicate: another name of the same node");
  const std::string common = refusal(kNodes + "[node.\"gateway-2\"]\ncluster.realm_id = 2\n");
  EXPECT_EQ(common, "x.toml:10:1: node.\"gateway-2\".cluster: is the same for all nodes, [node] cannot override it");
}

TEST(Config, NamesTheCommonPlaceOfASettingThatANodeLeftAsItIs) {
  EXPECT_EQ(refusal(kNodes + "[gateway]\nlisten = \"127.0.0.1:9\"\n[node.\"gateway-2\"]\ngateway.io_threads = 2\n"),
            "x.toml:10:1: gateway.listen = '127.0.0.1:9': gateway-2 and gateway-1 would both listen there");
}

TEST(Config, RefusesASecondDirectory) {
  const std::string two = kCluster +
                          "[[cluster.node]]\nname = \"dbagent-1\"\naddress = \"tcp://127.0.0.1:1\"\n"
                          "[[cluster.node]]\nname = \"dbagent-2\"\naddress = \"tcp://127.0.0.1:2\"\n"
                          "[node.\"dbagent-1\"]\ndbagent.directory = true\ndbagent.shards = [1]\n"
                          "[node.\"dbagent-2\"]\ndbagent.shards = [2]\n";
  EXPECT_EQ(refusal(two), "");
  EXPECT_EQ(refusal(two + "dbagent.directory = true\n"),
            "x.toml:14:9: dbagent.directory: dbagent-2 and dbagent-1 would both serve the directory");
}

TEST(Config, RefusesTwoNodesOfOneNameAddressOrPort) {
  EXPECT_EQ(refusal(kNodes + "[[cluster.node]]\nname = \"gateway-2\"\naddress = \"tcp://127.0.0.1:3\"\n"),
            "x.toml:10:1: cluster.node[2].name = 'gateway-2': this node is already in the list");
  EXPECT_EQ(refusal(kNodes + "[[cluster.node]]\nname = \"chat-1\"\naddress = \"tcp://127.0.0.1:2\"\n"),
            "x.toml:11:1: cluster.node[2].address = 'tcp://127.0.0.1:2': is the address of gateway-2");
  EXPECT_NE(refusal(kNodes).find("gateway-2 and gateway-1 would both listen there"), std::string::npos);
  EXPECT_EQ(refusal(kCluster + "[[cluster.node]]\nname = \"wizard-1\"\naddress = \"inproc\"\n").substr(0, 45),
            "x.toml:4:1: cluster.node[0].name = 'wizard-1'");
}

TEST(Config, RefusesRightsOfUnknownKeysAndUnknownVerbs) {
  const std::string gm = kCluster + "[gm]\npublic_keys = [\"anna:" + std::string(64, 'a') + "\"]\n";
  EXPECT_EQ(refusal(gm + "rights = [\"otto:give\"]\n"),
            "x.toml:5:1: gm.rights: 'otto:give': no key of gm.public_keys is called so");
  EXPECT_EQ(refusal(gm + "rights = [\"anna:give,kick\", \"anna:status\"]\n"), "");
  EXPECT_EQ(refusal(gm + "rights = [\"anna:give,dance\"]\n"),
            "x.toml:5:1: gm.rights: 'anna:give,dance': 'dance' is no command of dure gm");
  EXPECT_EQ(refusal(gm + "rights = [\"anna\"]\n"), "x.toml:5:1: gm.rights: 'anna': allowed: name:verb,verb");
}

TEST(Config, RefusesShardsServedTwiceOrNotAtAll) {
  const std::string agent = kCluster + "[[cluster.node]]\nname = \"dbagent-1\"\naddress = \"tcp://127.0.0.1:1\"\n";
  EXPECT_EQ(refusal(agent), "x.toml: no dbagent has dbagent.directory = true: exactly one must");
  EXPECT_EQ(refusal(agent + "[dbagent]\ndirectory = true\nshards = [1, 1]\n"),
            "x.toml:8:1: dbagent.shards: shard 1 of dbagent-1 is already served by dbagent-1");
  EXPECT_EQ(refusal(agent + "[dbagent]\ndirectory = true\nshards = [3]\n"),
            "x.toml:8:1: dbagent.shards: shard 3: allowed 1..2 (cluster.shard_count)");
  EXPECT_EQ(refusal(agent + "[dbagent]\ndirectory = true\nshards = [1]\n"),
            "x.toml: cluster.shard_count = 2: dbagents serve 1 of them (dbagent.shards)");
  EXPECT_EQ(refusal(agent + "[dbagent]\ndirectory = true\nshards = [1, 2]\n"), "");
}

TEST(Config, KeepsDeveloperModeOnLoopback) {
  const std::string open = kCluster + "[dev]\nenabled = true\n[gateway]\nlisten = \"0.0.0.0:7001\"\n";
  EXPECT_EQ(refusal(open),
            "x.toml:6:1: gateway.listen = '0.0.0.0:7001': developer mode stays on loopback unless "
            "dev.allow_off_loopback (x.toml:4:1: dev.enabled)");
  EXPECT_EQ(refusal(kCluster + "[dev]\nenabled = true\n[gateway]\nlisten_websocket = \"0.0.0.0:7011\"\n").substr(0, 54),
            "x.toml:6:1: gateway.listen_websocket = '0.0.0.0:7011':");
  EXPECT_EQ(
      refusal(kCluster + "[dev]\nenabled = true\nallow_off_loopback = true\n[gateway]\nlisten = \"0.0.0.0:7001\"\n"),
      "");
}

TEST(Config, KeepsThePublishedKeysOnLoopback) {
  const std::string open = kCluster + "[gateway]\nlisten = \"0.0.0.0:7001\"\n";
  const std::string why =
      "dev.ticket_key and gm.public_keys of the shipped files are public knowledge and stay on loopback";
  EXPECT_EQ(refusal(open), "");
  EXPECT_NE(refusal(open + "[gm]\npublic_keys = "
                           "[\"x:a4a9895e43430438dd9e6afd26c36516e81ab2885059847c73df16f9e99c1aa8\"]\n")
                .find(why),
            std::string::npos);
  EXPECT_NE(refusal(open + "[dev]\nenabled = true\nallow_off_loopback = true\nticket_key = "
                           "\"64250ba1cb355a5fbd147d8e293b34922589b43bc8b7e9fc70d9ff1f5b459060\"\n")
                .find(why),
            std::string::npos);
}

TEST(Config, KeepsTheMeshOnLoopbackUnlessItsNetworkIsPrivate) {
  const std::string away = "[[cluster.node]]\nname = \"chat-1\"\naddress = \"tcp://10.0.0.1:5\"\n";
  EXPECT_EQ(refusal(kCluster + away),
            "x.toml:5:1: cluster.node[0].address = 'tcp://10.0.0.1:5': peers are neither encrypted nor asked who they "
            "are: allowed on loopback, or where cluster.private_network = true says that nobody else is on their "
            "network");
  EXPECT_EQ(refusal(kCluster + "private_network = true\n" + away), "");
}

TEST(Config, ASecretThatOthersMayReadStaysOnLoopback) {
  const std::string path = ::testing::TempDir() + "secret_" + std::to_string(::getpid()) + ".toml";
  const auto written = [&](const std::string& listen, std::filesystem::perms mode) {
    std::ofstream(path) << kCluster << "[gateway]\nlisten = \"" << listen << "\"\n[dev]\nenabled = true\n"
                        << "allow_off_loopback = true\nticket_key = \"" << std::string(64, '7')
                        << "\"\n[[cluster.node]]\nname = \"chat-1\"\naddress = \"tcp://127.0.0.1:1\"\n";
    std::filesystem::permissions(path, mode);
    const auto config = load_config(path);
    return config ? std::string() : config.error().detail;
  };
  using std::filesystem::perms;
  EXPECT_EQ(written("127.0.0.1:7001", perms(0644)), "");
  EXPECT_EQ(written("0.0.0.0:7001", perms(0644)),
            path + ":8:1: dev.ticket_key: others may read this secret; chmod 600 " + path);
  EXPECT_EQ(written("0.0.0.0:7001", perms(0600)), "");
  std::filesystem::remove(path);
}

TEST(Config, DoesNotShowASecretInItsMessage) {
  EXPECT_EQ(refusal(kCluster + "[dev]\nticket_key = \"hunter2\"\n").find("hunter2"), std::string::npos);
}

TEST(Config, AFileThatIsWrittenAnewKeepsItsPermissionsAndANewOneIsItsOwners) {
  using std::filesystem::perms;
  const std::string folder = testing::TempDir() + "dure_write_config_" + std::to_string(getpid());
  std::filesystem::create_directory(folder);
  const std::string path = folder + "/cluster.toml";
  const auto expect = [&](const std::string& text, perms permissions) {
    std::ifstream in(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text);
    EXPECT_EQ(std::filesystem::status(path).permissions(), permissions);
  };
  ASSERT_TRUE(write_config(path, "one"));
  expect("one", perms(0600));
  std::filesystem::permissions(path, perms(0640));
  ASSERT_TRUE(write_config(path, "two"));
  expect("two", perms(0640));
  std::filesystem::create_directory(path + ".new");
  EXPECT_FALSE(write_config(path, "three"));
  expect("two", perms(0640));
  std::filesystem::remove_all(folder);
}

TEST(Config, TakesTheFilesWeShip) {
  for (const char* path : {"configs/local.toml", "configs/all.toml"}) {
    const auto config = load_config(std::string(DURE_SOURCE_DIR "/") + path);
    ASSERT_TRUE(config) << config.error().detail;
    EXPECT_GE(config->nodes().size(), 5u);
    EXPECT_EQ(config->nodes().front().united(), std::string(path) == "configs/all.toml");
  }
}

}  // namespace
}  // namespace dure
