// A PKCS#11 module between a program and a real one, for tests: it forwards every call to the module that SHIM_MODULE names,
// notes those that matter in SHIM_FOLDER/calls, and hangs in a function for as long as SHIM_FOLDER/hang-NAME
// exists; with SHIM_FOLDER/fail-NAME it answers CKR_DEVICE_ERROR.
// A file SHIM_FOLDER/flags has bits (decimal) that C_GetTokenInfo adds: what a token says of its PIN's tries.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

typedef unsigned long CK_RV;
typedef unsigned long CK_ULONG;
typedef unsigned char *CK_BYTE_PTR;

namespace {

// PKCS #11 2.40: the version, padded, and 68 functions.
constexpr int count = 68;
struct FunctionList {
  unsigned char version[8];
  void *functions[count];
};

FunctionList *real;
FunctionList ours;

std::string fileOf(const char *name) { return std::string(getenv("SHIM_FOLDER")) + "/" + name; }

void note(const char *name) {
  int file = open(fileOf("calls").c_str(), O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (file < 0) return;
  std::string line = std::string(name) + "\n";
  if (write(file, line.data(), line.size()) < 0) perror("calls");
  close(file);
}

void hangIn(const char *name) {
  std::string path = fileOf((std::string("hang-") + name).c_str());
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0) return;
  note((std::string("hanging ") + name).c_str());
  while (stat(path.c_str(), &facts) == 0) usleep(5000);
}

template <typename... Parameters>
CK_RV forward(int place, const char *name, Parameters... parameters) {
  hangIn(name);
  struct stat facts;
  if (stat(fileOf((std::string("fail-") + name).c_str()).c_str(), &facts) == 0) return 0x30;  // CKR_DEVICE_ERROR
  return reinterpret_cast<CK_RV (*)(Parameters...)>(real->functions[place])(parameters...);
}

CK_RV initialize(void *a) { return forward(0, "C_Initialize", a); }
CK_RV finalize(void *a) { return forward(1, "C_Finalize", a); }
CK_RV getSlotList(unsigned char a, CK_ULONG *b, CK_ULONG *c) { return forward(4, "C_GetSlotList", a, b, c); }
CK_RV openSession(CK_ULONG a, CK_ULONG b, void *c, void *d, CK_ULONG *e) {
  return forward(12, "C_OpenSession", a, b, c, d, e);
}
CK_RV closeSession(CK_ULONG a) { return forward(13, "C_CloseSession", a); }
CK_RV getAttributeValue(CK_ULONG a, CK_ULONG b, void *c, CK_ULONG d) {
  return forward(24, "C_GetAttributeValue", a, b, c, d);
}
CK_RV findObjectsInit(CK_ULONG a, void *b, CK_ULONG c) { return forward(26, "C_FindObjectsInit", a, b, c); }
CK_RV findObjects(CK_ULONG a, CK_ULONG *b, CK_ULONG c, CK_ULONG *d) {
  return forward(27, "C_FindObjects", a, b, c, d);
}
CK_RV signInit(CK_ULONG a, void *b, CK_ULONG c) { return forward(42, "C_SignInit", a, b, c); }
CK_RV sign(CK_ULONG a, CK_BYTE_PTR b, CK_ULONG c, CK_BYTE_PTR d, CK_ULONG *e) {
  return forward(43, "C_Sign", a, b, c, d, e);
}
CK_RV login(CK_ULONG a, CK_ULONG b, CK_BYTE_PTR c, CK_ULONG d) {
  note("C_Login");
  return forward(18, "C_Login", a, b, c, d);
}
CK_RV getTokenInfo(CK_ULONG slot, unsigned char *info) {
  CK_RV answer = forward(6, "C_GetTokenInfo", slot, info);
  if (FILE *file = fopen(fileOf("flags").c_str(), "r")) {
    CK_ULONG bits = 0;
    // CK_TOKEN_INFO: label 32, manufacturer 32, model 16, serial number 16, then the flags.
    if (fscanf(file, "%lu", &bits) == 1) *reinterpret_cast<CK_ULONG *>(info + 96) |= bits;
    fclose(file);
  }
  return answer;
}

template <typename Function>
void replace(int place, Function function) {
  ours.functions[place] = reinterpret_cast<void *>(function);
}

}  // namespace

extern "C" CK_RV C_GetFunctionList(void **list) {
  if (real == nullptr) {
    void *module = dlopen(getenv("SHIM_MODULE"), RTLD_NOW);
    if (module == nullptr) return 5;  // CKR_GENERAL_ERROR
    auto get = reinterpret_cast<CK_RV (*)(void **)>(dlsym(module, "C_GetFunctionList"));
    void *theirs = nullptr;
    if (CK_RV answer = get(&theirs)) return answer;
    real = static_cast<FunctionList *>(theirs);
    ours = *real;
    replace(0, initialize);
    replace(1, finalize);
    replace(4, getSlotList);
    replace(6, getTokenInfo);
    replace(12, openSession);
    replace(13, closeSession);
    replace(18, login);
    replace(24, getAttributeValue);
    replace(26, findObjectsInit);
    replace(27, findObjects);
    replace(42, signInit);
    replace(43, sign);
  }
  *list = &ours;
  return 0;
}
