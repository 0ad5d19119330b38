// Stands in for libFuzzer where it is not at hand: runs a target on its corpus, then on so many mutations of it, the
// same ones every time. What it cannot do is learn from coverage (tools/fuzz does).
//   fuzz_NAME --runs N CORPUS    the folder's files, then N mutations
//   fuzz_NAME FILE               one input again
// An input that ends the process is left behind in fuzz_NAME.find, in the current folder.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/base/hash.h"
#include "common/base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// A finding is to end in SIGABRT, where the input is kept.
extern "C" const char* __asan_default_options() { return "abort_on_error=1:handle_abort=0"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

namespace {

constexpr std::size_t kInputMax = 16 * 1024;

std::string input, find_path;

void keep_input(int signal_number) {
  const int file = open(find_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0) {
    (void)!write(file, input.data(), input.size());
    close(file);
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void run(std::string bytes) {
  input = std::move(bytes);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> read_corpus(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto& path : paths) corpus.push_back(content_of(path));
  if (corpus.empty()) corpus.emplace_back();
  return corpus;
}

// A piece of any length within the text.
std::string_view piece(std::string_view text, dure::Rng& rng) {
  if (text.empty()) return {};
  const std::size_t at = rng.below(text.size());
  return text.substr(at, 1 + rng.below(std::min<std::size_t>(text.size() - at, 64)));
}

void mutate_once(std::string* text, const std::string& other, dure::Rng& rng) {
  static constexpr char kTelling[] = {0, 1, 2, 8, 10, 18, 127, '\x80', '\x81', '\x82', '\x88', '\xfe', '\xff'};
  const std::size_t at = rng.below(text->size() + 1);
  const std::size_t in = text->empty() ? 0 : std::min(at, text->size() - 1);
  switch (rng.below(8)) {
    case 0:
      if (!text->empty()) (*text)[in] ^= static_cast<char>(1u << rng.below(8));
      break;
    case 1:
      if (!text->empty()) (*text)[in] = static_cast<char>(rng.next());
      break;
    case 2:
      if (!text->empty()) (*text)[in] = kTelling[rng.below(sizeof kTelling)];
      break;
    case 3:
      text->insert(at, 1 + rng.below(8), static_cast<char>(rng.next()));
      break;
    case 4:
      text->erase(at, 1 + rng.below(16));
      break;
    case 5:
      text->insert(at, std::string(piece(*text, rng)));
      break;
    case 6:
      text->insert(at, std::string(piece(other, rng)));
      break;
    default:
      text->resize(at);
      text->append(other, std::min(at, other.size()));
      break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string name = std::filesystem::path(argv[0]).filename().string();
  find_path = name + ".find";
  for (const int fatal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) signal(fatal, &keep_input);
  if (arguments.size() == 1) return run(content_of(arguments[0])), 0;
  if (arguments.size() != 3 || arguments[0] != "--runs") {
    std::fprintf(stderr, "%s --runs N CORPUS | FILE\n", name.c_str());
    return 64;
  }
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t runs = std::strtoull(arguments[1].c_str(), nullptr, 10);
  const std::vector<std::string> corpus = read_corpus(arguments[2]);
  for (const std::string& seed : corpus) run(seed);
  dure::Rng rng(dure::fnv1a(name));
  for (std::uint64_t i = 0; i < runs; ++i) {
    std::string text = corpus[rng.below(corpus.size())];
    for (std::size_t times = 1 + rng.below(5); times > 0; --times)
      mutate_once(&text, corpus[rng.below(corpus.size())], rng);
    text.resize(std::min(text.size(), kInputMax));
    run(std::move(text));
  }
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::printf("%s: %zu inputs, %llu mutations, %.0f runs/s\n", name.c_str(), corpus.size(),
              static_cast<unsigned long long>(runs), static_cast<double>(corpus.size() + runs) / took);
  return 0;
}
