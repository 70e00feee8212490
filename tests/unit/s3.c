/*
 * The signer against the examples of the S3 API reference, "Signature
 * Calculations for the Authorization Header: Transferring Payload in a Single
 * Chunk", and against what other signers get wrong.
 */
#include "lib/s3.h"

#include "tap.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DATE "20130524T000000Z"
#define HOST "Host: examplebucket.s3.amazonaws.com"
#define CREDENTIAL                                               \
	"Authorization: AWS4-HMAC-SHA256 "                       \
	"Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/" \
	"aws4_request,SignedHeaders="

static const struct s3_keys keys = {
	.access = "AKIAIOSFODNN7EXAMPLE",
	.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	.region = "us-east-1",
};

static void
signs(const struct s3_request *rq, const char *want, const char *what)
{
	struct fault f = { 0 };
	struct buf got;

	buf_init(&got, 4096);
	tap_ok(s3_authorization(&keys, rq, &got, &f) == 0, "%s: signs", what);
	tap_str(buf_str(&got), want, what);
	buf_release(&got);
}

static void
documented(void)
{
	static const char *const get[] = { HOST, "Range: bytes=0-9",
		"x-amz-content-sha256: " EMPTY, "x-amz-date: " DATE, NULL };
	static const char *const put[] = { HOST,
		"Date: Fri, 24 May 2013 00:00:00 GMT",
		"x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbb"
		"a87d2b6b4b4e99e42034a8b803f8b072",
		"x-amz-date: " DATE, "x-amz-storage-class: REDUCED_REDUNDANCY",
		NULL };
	static const char *const plain[] = { HOST,
		"x-amz-content-sha256: " EMPTY, "x-amz-date: " DATE, NULL };
	static const char *const lifecycle[] = { "lifecycle", NULL };
	static const char *const list[] = { "prefix=J", "max-keys=2", NULL };

	signs(
	    &(struct s3_request){ "GET", "/test.txt", NULL, get, EMPTY, DATE },
	    CREDENTIAL "host;range;x-amz-content-sha256;x-amz-date,"
		       "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170"
		       "aba48dd91039c6036bdb41",
	    "GET Object");
	signs(&(struct s3_request){ "PUT", "/test$file.text", NULL, put,
		  "44ce7dd67c959e0d3524ffac1771dfbb"
		  "a87d2b6b4b4e99e42034a8b803f8b072",
		  DATE },
	    CREDENTIAL "date;host;x-amz-content-sha256;x-amz-date;"
		       "x-amz-storage-class,"
		       "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380"
		       "cd77a1b5971af0ece108bd",
	    "PUT Object");
	signs(&(struct s3_request){ "GET", "/", lifecycle, plain, EMPTY, DATE },
	    CREDENTIAL "host;x-amz-content-sha256;x-amz-date,"
		       "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e"
		       "0f91ac7a200a0136783543",
	    "GET Bucket Lifecycle");
	signs(&(struct s3_request){ "GET", "/", list, plain, EMPTY, DATE },
	    CREDENTIAL "host;x-amz-content-sha256;x-amz-date,"
		       "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc5"
		       "9db6670ed5711ef69dc6f7",
	    "GET Bucket (List Objects), with an unsorted query");
}

static void
canonical(const struct s3_request *rq, const char *want, const char *what)
{
	struct buf got, names;
	struct fault f = { 0 };

	buf_init(&got, 1 << 16);
	buf_init(&names, 4096);
	tap_ok(s3_canonical(rq, &got, &names, &f) == 0, "%s: works", what);
	tap_str(buf_str(&got), want, what);
	buf_release(&got);
	buf_release(&names);
}

static void
letters(void)
{
	static const char *const headers[] = { "x-amz-meta-a-b: 1",
		"X-Amz-Meta-A:  two   words \t", "Host: h",
		"x-amz-meta-a: again", "x-empty:", NULL };
	static const char *const host[] = { "Host: h", NULL };
	static const char *const query[] = { "b", "a=z", "a=", "a=b/c d", "A=1",
		"a-b=1", NULL };

	canonical(
	    &(struct s3_request){ "PUT", "/b/k", NULL, headers, EMPTY, DATE },
	    "PUT\n/b/k\n\nhost:h\nx-amz-meta-a:two words,again\n"
	    "x-amz-meta-a-b:1\nx-empty:\n\n"
	    "host;x-amz-meta-a;x-amz-meta-a-b;x-empty\n" EMPTY,
	    "headers whose names begin alike, or stand there twice");
	canonical(&(struct s3_request){ "GET", "/", query, host, EMPTY, DATE },
	    "GET\n/\nA=1&a=&a=b%2Fc%20d&a=z&a-b=1&b=\nhost:h\n\nhost\n" EMPTY,
	    "a query by name, then by value");
	canonical(
	    &(struct s3_request){ "PUT", "/b/a b+c=&%~*'()!;,@:$[]\xc3\xa9",
		NULL, host, EMPTY, DATE },
	    "PUT\n/b/a%20b%2Bc%3D%26%25~%2A%27%28%29%21%3B%2C%40%3A%24%5B%5D"
	    "%C3%A9\n\nhost:h\n\nhost\n" EMPTY,
	    "a path with what must be escaped, and ~, which must not");
}

static void
errors(void)
{
	static const char *const none[] = { "Host", NULL };
	struct s3_request rq = { "GET", "/", NULL, none, EMPTY, DATE };
	char text[20], date[S3_DATE_SIZE];
	struct fault f = { 0 };
	struct buf b;

	buf_init(&b, 4096);
	tap_ok(
	    s3_authorization(&keys, &rq, &b, &f) == -1 && f.code == FAULT_INPUT,
	    "a header without a colon is refused");
	buf_adds(&b, "<?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code>"
		     "<Message>Please reduce your request rate.</Message>"
		     "</Error>");
	tap_ok(s3_error_part(&b, "Code", text, sizeof(text)), "an error code");
	tap_str(text, "SlowDown", "is what stands in the document");
	tap_ok(s3_error_part(&b, "Message", text, sizeof(text)), "a message");
	tap_str(text, "Please reduce your ", "is cut where there is no room");
	tap_ok(!s3_error_part(&b, "Resource", text, sizeof(text)),
	    "an element that is not there");
	buf_clear(&b);
	buf_adds(&b, "<CopyResult><Code>x</Code>");
	tap_ok(!s3_error_part(&b, "Code", text, sizeof(text)),
	    "a document that is no error");
	tap_str(s3_date(date, 1369353600), DATE, "a date");
	buf_release(&b);
}

int
main(void)
{
	documented();
	letters();
	errors();
	return tap_end();
}
