package clickbench

import "github.com/automatanexus/aegis-db/bench/suite"

// hits is a row per page view: the 105 columns of the benchmark.
var hits = suite.Table{
	Name:  "hits",
	Order: []string{"CounterID", "EventDate", "UserID", "EventTime", "WatchID"}, // that of the benchmark for ClickHouse
	Columns: []string{
		"WatchID bigint", "JavaEnable smallint", "Title text", "GoodEvent smallint", "EventTime timestamp", "EventDate date",
		"CounterID integer", "ClientIP integer", "RegionID integer", "UserID bigint", "CounterClass smallint", "OS smallint",
		"UserAgent smallint", "URL text", "Referer text", "IsRefresh smallint", "RefererCategoryID smallint", "RefererRegionID integer",
		"URLCategoryID smallint", "URLRegionID integer", "ResolutionWidth smallint", "ResolutionHeight smallint",
		"ResolutionDepth smallint", "FlashMajor smallint", "FlashMinor smallint", "FlashMinor2 text", "NetMajor smallint",
		"NetMinor smallint", "UserAgentMajor smallint", "UserAgentMinor text", "CookieEnable smallint", "JavascriptEnable smallint",
		"IsMobile smallint", "MobilePhone smallint", "MobilePhoneModel text", "Params text", "IPNetworkID integer",
		"TraficSourceID smallint", "SearchEngineID smallint", "SearchPhrase text", "AdvEngineID smallint", "IsArtifical smallint",
		"WindowClientWidth smallint", "WindowClientHeight smallint", "ClientTimeZone smallint", "ClientEventTime timestamp",
		"SilverlightVersion1 smallint", "SilverlightVersion2 smallint", "SilverlightVersion3 integer", "SilverlightVersion4 smallint",
		"PageCharset text", "CodeVersion integer", "IsLink smallint", "IsDownload smallint", "IsNotBounce smallint", "FUniqID bigint",
		"OriginalURL text", "HID integer", "IsOldCounter smallint", "IsEvent smallint", "IsParameter smallint", "DontCountHits smallint",
		"WithHash smallint", "HitColor text", "LocalEventTime timestamp", "Age smallint", "Sex smallint", "Income smallint",
		"Interests smallint", "Robotness smallint", "RemoteIP integer", "WindowName integer", "OpenerName integer",
		"HistoryLength smallint", "BrowserLanguage text", "BrowserCountry text", "SocialNetwork text", "SocialAction text",
		"HTTPError smallint", "SendTiming integer", "DNSTiming integer", "ConnectTiming integer", "ResponseStartTiming integer",
		"ResponseEndTiming integer", "FetchTiming integer", "SocialSourceNetworkID smallint", "SocialSourcePage text",
		"ParamPrice bigint", "ParamOrderID text", "ParamCurrency text", "ParamCurrencyID smallint", "OpenstatServiceName text",
		"OpenstatCampaignID text", "OpenstatAdID text", "OpenstatSourceID text", "UTMSource text", "UTMMedium text", "UTMCampaign text",
		"UTMContent text", "UTMTerm text", "FromTag text", "HasGCLID smallint", "RefererHash bigint", "URLHash bigint", "CLID integer",
	},
}
