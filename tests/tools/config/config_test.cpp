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

TEST(Config, RefusesInvalidUtf8AtItsPlace) {
  EXPECT_EQ(refusal(kCluster + "# \xea\xb0\x80\n# ab\xff\n"), "x.toml:4:5: invalid UTF-8");
}

TEST(Config, RefusesAnEmptyAMissingAndAHugeFile) {
  EXPECT_EQ(refusal(" \n"), "x.toml: empty file");
  EXPECT_EQ(load_config("no/such/file.toml").error().detail, "no/such/file.toml: No such file or directory");
  EXPECT_EQ(load_config("/").error().detail.substr(0, 3), "/: ");
  const std::string path = testing::TempDir() + "huge.toml";
  std::ofstream(path) << kCluster << std::string(11 << 20, '#');
  EXPECT_EQ(load_config(path).error().detail, path + ": larger than 1 MiB");
}

TEST(Config, RefusesWhatIsNoToml) {
  EXPECT_EQ(refusal(kCluster + "realm_id = \n").substr(0, 10), "x.toml:3:1");
  EXPECT_EQ(refusal(kCluster + "[ }]\n"), "x.toml: not TOML");  // where the library asserts
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
  const std::string common = refusal(kNodes + "[node.\"gateway-2\"]\ncluster.realm_id = 2\n");
  EXPECT_EQ(common, "x.toml:10:1: node.\"gateway-2\".cluster: is the same for all nodes, [node] cannot override it");
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
                        << "allow_off_loopback = true\nticket_key = \"" << std::string(64, '7') << "\"\n";
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
