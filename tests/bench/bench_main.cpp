// Figures of the ledger, as one table. tools/bench builds it and starts it; what it prints depends on the machine and
// on who else works there, so the notes say what one core would do and ratios are taken from pairs.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/bench/agent_figures.h"
#include "tests/bench/store_figures.h"
#include "tests/bench/turn_figures.h"

namespace {

using namespace dure::bench;

struct Options {
  std::filesystem::path folder;
  World world;
  StoreRun run;
  std::string only;  // part of a figure's name; empty: all
};

[[noreturn]] void usage() {
  std::fputs(
      "dure_bench [--dir DIR] [--players N] [--items N] [--groups N] [--pairs N] [--only "
      "hard|soft|trade|agent|trades|latency|audit|turns]\n"
      "  two shards with so many players each and so many items a player are seeded in DIR and thrown away\n",
      stderr);
  std::exit(64);
}

Options read(int argc, char** argv) {
  Options options;
  const bool memory = access("/dev/shm", W_OK) == 0;
  options.folder = memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (i + 1 >= argc) usage();
    const std::string value = argv[++i];
    const auto count = static_cast<std::uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
    if (flag == "--dir")
      options.folder = value;
    else if (flag == "--players")
      options.world.players = count;
    else if (flag == "--items")
      options.world.items = count;
    else if (flag == "--groups")
      options.run.groups = count;
    else if (flag == "--pairs")
      options.run.pairs = count;
    else if (flag == "--only")
      options.only = value;
    else
      usage();
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  Options options = read(argc, argv);
  std::string pattern = (options.folder / "dure-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) give_up("cannot write in " + options.folder.string());
  const std::filesystem::path base = pattern;
  options.world.folder = base / "seeded";
  Table table;
  if (options.only.empty() || options.only == "turns") measure_turns(5000, &table);
  if (options.only == "turns") {
    std::filesystem::remove_all(base);
    table.print();
    return 0;
  }
  {
    const Stopwatch watch;
    seed(options.world);
    const double items = static_cast<double>(options.world.item_count());
    table.row("seeding", number(items / watch.taken().wall_s) + " items/s", "", -1,
              number(items) + " items, " + std::to_string(options.world.shards) + " shards, in " + base.string());
  }
  dure::store::FaultyDisk disk;
  World world = options.world;
  world.vfs = dure::store::FaultyDisk::kName;
  const auto wanted = [&](const char* name) { return options.only.empty() || options.only == name; };
  if (wanted("hard")) measure_operations(world, disk, options.run, Kind::kHard, &table);
  if (wanted("soft")) measure_operations(world, disk, options.run, Kind::kSoft, &table);
  if (wanted("trade")) measure_operations(world, disk, options.run, Kind::kTrade, &table);
  measure_agent(world, disk, options.only, &table);
  if (wanted("audit")) measure_audit(options.world, &table);
  std::filesystem::remove_all(base);
  table.print();
  return 0;
}
